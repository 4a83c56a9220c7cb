package agent

import (
	"fmt"
	"slices"
	"strings"
)

// turn is one exchange of a conversation: what the model said, and what it was told.
type turn struct {
	number  int
	said    Message
	told    []Message
	program bool   // a program ran
	failed  bool   // and did not complete, or the message was malformed
	brief   string // what happened, in one line
}

func (t *turn) messages() []Message { return append([]Message{t.said}, t.told...) }

func (t *turn) bytes() int { return messageBytes(t.messages()) }

// keptErrors is how many of the last failures stay as they were, however old they are: what a model has already tried in vain is what it repeats when it
// forgets.
const keptErrors = 2

// trim returns the messages of a conversation within so many bytes: the prompt and the last exchange as they are, and of the others as much as there is room
// for. Old exchanges are shortened first, from the oldest on, to what was said in one line each; then they are left out. The last failures are the last
// to go.
func trim(prompt []Message, turns []turn, most int) []Message {
	kept := slices.Clone(turns)
	size := messageBytes(prompt)
	for i := range kept {
		size += kept[i].bytes()
	}
	precious := map[int]bool{len(kept) - 1: true}
	for i, n := len(kept)-2, 0; i >= 0 && n < keptErrors; i-- {
		if kept[i].failed {
			precious[i] = true
			n++
		}
	}
	gone := make([]bool, len(kept))
	for _, spare := range []bool{true, false} { // the precious ones only when nothing else is left
		for _, leave := range []bool{false, true} {
			for i := range kept {
				if size <= most || i == len(kept)-1 {
					break
				}
				if precious[i] && spare || gone[i] {
					continue
				}
				before := kept[i].bytes()
				if leave {
					gone[i] = true
					size -= before
					continue
				}
				kept[i] = kept[i].shortened()
				size += kept[i].bytes() - before
			}
		}
	}
	messages := slices.Clone(prompt)
	var left []string
	for i := range kept {
		if gone[i] {
			left = append(left, fmt.Sprintf("turn %d: %s", kept[i].number, kept[i].brief))
		}
	}
	if len(left) > 0 {
		const most = 20
		note := fmt.Sprintf("\n\n[%d earlier turns are left out here; variables and files of programs that completed are still there]\n", len(left))
		if len(left) > most {
			left = left[len(left)-most:]
		}
		last := &messages[len(messages)-1]
		last.Content += note + strings.Join(left, "\n")
	}
	for i := range kept {
		if !gone[i] {
			messages = append(messages, kept[i].messages()...)
		}
	}
	return messages
}

// shortened is a turn in few words.
func (t turn) shortened() turn {
	t.said.Calls = slices.Clone(t.said.Calls)
	for i := range t.said.Calls {
		t.said.Calls[i].Arguments = `{"left_out": true}`
	}
	if len(t.said.Calls) == 0 {
		t.said.Content = fmt.Sprintf("[turn %d, left out]", t.number)
	}
	t.told = slices.Clone(t.told)
	for i := range t.told {
		t.told[i].Content = t.brief
	}
	return t
}
