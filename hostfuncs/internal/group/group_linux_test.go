package group

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is a host that is killed, when it is told to be.
func TestMain(m *testing.M) {
	if os.Getenv("GROUP_TEST_HOST") == "" {
		os.Exit(m.Run())
	}
	for _, limits := range []Limits{{}, {CPU: time.Minute}} {
		g, err := Start(exec.Command("sleep", "1000"), limits)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(g.cmd.Process.Pid)
	}
	select {}
}

// TestHostIsKilled checks that what a host has started ends with it, also when the host has no time to end it.
func TestHostIsKilled(t *testing.T) {
	host := exec.Command(os.Args[0])
	host.Env = append(os.Environ(), "GROUP_TEST_HOST=1")
	out, err := host.StdoutPipe()
	if err == nil {
		err = host.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer host.Wait()
	defer host.Process.Kill()
	lines := bufio.NewScanner(out)
	var pids []int
	for range 2 {
		lines.Scan()
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the host says %q", lines.Text())
		}
		pids = append(pids, pid)
	}
	time.Sleep(100 * time.Millisecond) // as threads that are done would end meanwhile
	for _, pid := range pids {
		if !runs(pid) {
			t.Fatalf("process %d does not live as long as its host", pid)
		}
	}
	host.Process.Kill()
	for _, pid := range pids {
		for end := time.Now().Add(10 * time.Second); runs(pid); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				syscall.Kill(pid, syscall.SIGKILL)
				t.Errorf("process %d goes on", pid)
				break
			}
		}
	}
}

// runs says whether there is such a process, and it has not ended.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}
