package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progressAfter is how long work may take before a person hears of it.
const progressAfter = 2 * time.Second

// progress tells a person on stderr what takes so long: a line that counts the seconds on a terminal, else one plain line.
type progress struct {
	to       io.Writer
	terminal bool

	mu      sync.Mutex
	message string
	shown   bool
	started time.Time
	stop    chan struct{}
	done    bool
}

func newProgress(to io.Writer) *progress { return &progress{to: to, terminal: isTerminal(to)} }

// begin says what is under way. Work that begins later replaces it.
func (p *progress) begin(message string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return
	}
	p.message = message
	if p.stop != nil {
		return
	}
	p.started, p.stop = time.Now(), make(chan struct{})
	go p.follow(p.stop)
}

func (p *progress) follow(stop chan struct{}) {
	timer := time.NewTimer(progressAfter)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		p.mu.Lock()
		if p.done {
			p.mu.Unlock()
			return
		}
		p.shown = true
		if p.terminal {
			fmt.Fprintf(p.to, "\r\x1b[Kwand: %s (%d s)", printable(p.message), int(time.Since(p.started).Seconds()))
			timer.Reset(time.Second)
		} else {
			fmt.Fprintf(p.to, "wand: %s\n", printable(p.message))
		}
		p.mu.Unlock()
	}
}

// end takes the line off the terminal. It may be called often.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return
	}
	p.done = true
	if p.stop != nil {
		close(p.stop)
	}
	if p.shown && p.terminal {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}
