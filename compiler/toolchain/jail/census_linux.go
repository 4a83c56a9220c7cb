package jail

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"sync/atomic"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// census counts the processes and threads of a command where they begin: before the kernel makes one it asks here (seccomp's user notification). A limit of the
// system's does not hold for root, and who looks every few milliseconds sees a fork bomb when it has thousands. Nothing is decided from memory that the command
// could change meanwhile: the flags of clone are in a register, clone3, whose flags are not, does not exist in the jail, and what is let through meets the
// filter of system calls all the same.
type census struct {
	listener   *os.File
	limits     Limits
	namespaces bool
	tree       *tree
	kill       func()
	// As many as there may be: those that were counted last, and what began since.
	processes, threads int
	begun              int // processes, ever
	exceeded           atomic.Bool
}

// startsEach is how many processes a command may start in all for each that it may have at a time.
const startsEach = 64

// ticket marks the one fork that is ours, in bits of clone's flags that the kernel does not look at: nobody could answer for it while it holds up this process.
// The command cannot know it; it is drawn for each.
type ticket uint32

func newTicket() ticket {
	var b [4]byte
	rand.Read(b[:])
	return ticket(1<<30 | binary.NativeEndian.Uint32(b[:])>>2) // neither 0 nor the largest: there is a number below and above
}

// on are flags of clone with the ticket.
func (t ticket) on(flags uintptr) uintptr { return flags | uintptr(uint64(t)<<32) }

// listen makes the kernel ask about each process and thread that the calling thread, or what it starts, starts without the ticket. An error: this kernel
// does not, or somebody else listens already.
func listen(t ticket) (fd int, err error) {
	if bits.UintSize < 64 {
		return -1, errors.New("clone's flags have no room for a ticket")
	}
	low, high := uint64(t)<<32, uint64(t+1)<<32
	asks := seccomp.SyscallGroup{Action: seccomp.ActionUserNotify, NamesWithCondtions: []seccomp.NameWithConditions{
		{Name: "clone", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.LessThan, Value: low}}},
		{Name: "clone", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.GreaterOrEqual, Value: high}}},
	}, Names: known("fork", "vfork")}
	policy := seccomp.Policy{DefaultAction: seccomp.ActionAllow, Syscalls: []seccomp.SyscallGroup{asks}}
	instructions, err := policy.Assemble()
	if err != nil {
		return -1, err
	}
	raw, err := bpf.Assemble(instructions)
	if err != nil {
		return -1, err
	}
	var filter []unix.SockFilter
	for _, r := range raw {
		filter = append(filter, unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K})
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	const flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	got, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return -1, fmt.Errorf("seccomp: %w", errno)
	}
	return int(got), nil
}

// newCensus answers what a listener asks, until close. Without a listener there is nothing to answer.
func newCensus(listener int, c Command, p *process, t *tree) *census {
	if listener < 0 {
		return nil
	}
	unix.SetNonblock(listener, true) // the file waits with Go's poller
	s := &census{listener: os.NewFile(uintptr(listener), "seccomp"), limits: c.Limits, namespaces: p.namespaces != 0, tree: t, kill: p.kill, processes: 1, threads: 1}
	go s.serve()
	return s
}

// close makes everything that the command would still start fail.
func (s *census) close() {
	if s != nil {
		s.listener.Close()
	}
}

// tooMany says whether the command was ended for what it started.
func (s *census) tooMany() bool { return s != nil && s.exceeded.Load() }

func (s *census) serve() {
	defer s.listener.Close()
	conn, err := s.listener.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Read(func(fd uintptr) (done bool) {
		for {
			poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			if _, err := unix.Poll(poll, 0); err != nil && err != unix.EINTR {
				return true
			}
			switch {
			case poll[0].Revents&unix.POLLIN != 0:
				s.answer(fd)
			case poll[0].Revents != 0: // nobody is left who could ask
				return true
			case err == nil:
				return false
			}
		}
	})
}

// question and response are the kernel's struct seccomp_notif and struct seccomp_notif_resp.
type question struct {
	id                 uint64
	task, flags        uint32
	call               int32
	arch               uint32
	instructionPointer uint64
	args               [6]uint64
}

type response struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

func (s *census) answer(fd uintptr) {
	var q question
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&q))); errno != 0 {
		return // who asked was killed
	}
	r := response{id: q.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	if !s.allows(&q) {
		r.flags, r.errno = 0, -int32(unix.EAGAIN)
		if !s.exceeded.Swap(true) {
			s.kill()
		}
	}
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, fd, unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&r)))
}

func (s *census) allows(q *question) bool {
	if s.exceeded.Load() {
		return false
	}
	isThread := q.call == unix.SYS_CLONE && q.args[0]&unix.CLONE_THREAD != 0
	if !isThread && !s.namespaces { // its children are found through it even when it has ended
		s.tree.remember(int(q.task))
	}
	if s.full(isThread) { // it was, if nothing has ended
		s.processes, s.threads = s.tree.count(s.limits.Processes)
	}
	if s.full(isThread) {
		return false
	}
	s.threads++
	if !isThread {
		s.processes++
		s.begun++
	}
	return s.begun <= s.limits.Processes*startsEach
}

func (s *census) full(isThread bool) bool {
	return s.threads >= s.limits.threads() || !isThread && s.processes >= s.limits.Processes
}
