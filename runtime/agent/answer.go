package agent

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"wand/compiler"
)

// Action is what an answer of the model means.
type Action struct {
	// Program is what to run; empty when there is none.
	Program string
	// Final is the final answer, when Done.
	Final string
	Done  bool
	// Note is for the model, beside what the program does: that a part of its answer was not taken, and why.
	Note string
	// Problem is for the model when the answer is neither a program nor a final answer. Nothing is run then. Talk says that it is a text all the same,
	// which counts as the final answer when the model insists.
	Problem string
	Talk    bool
}

// Format is how a model writes programs and final answers.
type Format interface {
	// Instructions tell the model, in a few lines, for a language.
	Instructions(language compiler.Language) string
	// Parse reads the text of an answer. Calls of functions are read before, whatever the format.
	Parse(text string, language compiler.Language) Action
}

// Fenced is the format that models use unasked: the program in a Markdown code block, the answer after "ANSWER:". The default.
type Fenced struct{}

// Instructions implements Format.
func (Fenced) Instructions(language compiler.Language) string {
	return fmt.Sprintf("Write one program at a time, whole, in a code block:\n```%s\n...\n```\n"+
		"When you know the answer, write no program but a last line that begins with ANSWER: and the answer after it.", language)
}

// answerLine is where a final answer begins.
var answerLine = regexp.MustCompile(`(?m)^[ \t>*_#]*(?i:final answer|ANSWER)[ \t*_]*:[ \t*_]*`)

// Parse implements Format.
func (Fenced) Parse(text string, language compiler.Language) Action {
	if strings.TrimSpace(text) == "" {
		return Action{Problem: "Your message was empty."}
	}
	said, final, done := text, "", false
	if at := answerLine.FindStringIndex(text); at != nil {
		said, final, done = text[:at[0]], strings.TrimSpace(strings.TrimRight(text[at[1]:], " *_\n\t")), true
	}
	var programs []compiler.Block
	for _, b := range compiler.Blocks(said) {
		if runs(b, language) {
			programs = append(programs, b)
		}
	}
	switch {
	case len(programs) == 0 && done && final == "":
		return Action{Problem: "There was nothing after ANSWER:."}
	case len(programs) == 0 && done:
		return Action{Final: final, Done: true}
	case len(programs) == 0:
		return Action{Problem: "Your message had neither a program in a code block nor a line that begins with ANSWER:.", Talk: true}
	}
	a := Action{Program: programs[0].Text}
	switch {
	case done:
		a.Note = "The answer in the same message was not taken, because it was written before the program had run."
	case len(programs) > 1:
		a.Note = fmt.Sprintf("The message held %d programs; only the first one ran.", len(programs))
	case !programs[0].Closed:
		a.Note = "The code block was not closed, so the program may be cut off."
	}
	return a
}

// runs says whether a block is a program in the language of the conversation. TypeScript sessions take JavaScript.
func runs(b compiler.Block, language compiler.Language) bool {
	if !b.Program || strings.TrimSpace(b.Text) == "" || b.Tag == "text" || b.Tag == "txt" || b.Tag == "plain" || b.Tag == "plaintext" {
		return false
	}
	return b.Language == "" || b.Language == language || b.Language == compiler.JavaScript && language == compiler.TypeScript
}

// Tags is the format of MINT and of CodeAct: <execute>program</execute> and <solution>answer</solution>.
type Tags struct{}

// Instructions implements Format.
func (Tags) Instructions(language compiler.Language) string {
	return fmt.Sprintf("Write one program at a time, whole, in %s, between <execute> and </execute>.\nWhen you know the answer, write it between <solution> and </solution>.", language)
}

// Parse implements Format.
func (Tags) Parse(text string, _ compiler.Language) Action {
	if strings.TrimSpace(text) == "" {
		return Action{Problem: "Your message was empty."}
	}
	programs, solutions := tagged(text, "execute"), tagged(text, "solution")
	switch {
	case len(programs) == 0 && len(solutions) > 0:
		return Action{Final: strings.TrimSpace(solutions[0]), Done: true}
	case len(programs) == 0:
		return Action{Problem: "Your message had neither <execute> nor <solution>.", Talk: true}
	}
	a := Action{Program: programs[0]}
	switch {
	case len(solutions) > 0:
		a.Note = "The solution in the same message was not taken, because it was written before the program had run."
	case len(programs) > 1:
		a.Note = fmt.Sprintf("The message held %d programs; only the first one ran.", len(programs))
	}
	return a
}

// tagged are the texts between a tag and its end; the last one may lack the end.
func tagged(text, tag string) (found []string) {
	for {
		_, rest, ok := strings.Cut(text, "<"+tag+">")
		if !ok {
			return found
		}
		inner, after, _ := strings.Cut(rest, "</"+tag+">")
		if strings.TrimSpace(inner) != "" {
			if !strings.HasPrefix(strings.TrimLeft(inner, " \t\r"), "\n") {
				inner = strings.TrimLeft(inner, " \t") // the blank after the tag is no indentation
			}
			found = append(found, strings.Trim(inner, "\r\n"))
		}
		text = after
	}
}

// read makes an action of an answer, and the message that stands for it in the conversation: calls that no server would take back are made such.
func read(a *Answer, f Format, language compiler.Language) (Action, Message) {
	m := Message{Role: RoleAssistant, Content: a.Content, Calls: append([]ToolCall(nil), a.Calls...)}
	if len(a.Calls) == 0 {
		action := f.Parse(a.Content, language)
		if a.Cut && action.Done {
			action = Action{Problem: "Your message was cut off because it was too long; the answer in it may be incomplete. Say it in fewer words."}
		} else if a.Cut {
			action.Note = strings.TrimSpace("Your message was cut off because it was too long. " + action.Note)
		}
		return action, m
	}
	var first *Action
	for i := range m.Calls {
		c := &m.Calls[i]
		action := readCall(c)
		if first == nil {
			first = &action
		}
		if !json.Valid([]byte(c.Arguments)) || !strings.HasPrefix(strings.TrimSpace(c.Arguments), "{") {
			quoted, _ := json.Marshal(map[string]string{"garbled": clip(strings.ToValidUTF8(c.Arguments, ""), 200)})
			c.Arguments = string(quoted)
		}
	}
	if a.Cut {
		first.Note = "Your message was cut off because it was too long."
	}
	return *first, m
}

// readCall reads a call of a function.
func readCall(c *ToolCall) Action {
	var in struct {
		Code   *string `json:"code"`
		Answer any     `json:"answer"`
	}
	err := json.Unmarshal([]byte(c.Arguments), &in)
	switch {
	case c.Name != functionRun && c.Name != functionAnswer:
		return Action{Problem: fmt.Sprintf("There is no function %s to call directly. Tools are called by a program: send one with %s.", clip(c.Name, 100), functionRun)}
	case err != nil:
		return Action{Problem: fmt.Sprintf("The arguments of %s are not the JSON that it takes: %s. Send them again.", c.Name, clip(err.Error(), 200))}
	case c.Name == functionRun && (in.Code == nil || strings.TrimSpace(*in.Code) == ""):
		return Action{Problem: `The call of run_code has no program: its argument is {"code": "..."}.`}
	case c.Name == functionRun:
		code := *in.Code
		for _, b := range compiler.Blocks(code) { // some models fence what they put into the argument
			code = b.Text
			break
		}
		return Action{Program: code}
	case in.Answer == nil:
		return Action{Problem: `The call of final_answer has no answer: its argument is {"answer": "..."}.`}
	}
	if text, ok := in.Answer.(string); ok {
		return Action{Final: text, Done: true}
	}
	text, _ := json.Marshal(in.Answer)
	return Action{Final: string(text), Done: true}
}

// replies are the messages that answer an assistant's: the text goes to the first call where there are calls.
func replies(m Message, text string) []Message {
	if len(m.Calls) == 0 {
		return []Message{{Role: RoleUser, Content: text}}
	}
	var list []Message
	for i, c := range m.Calls {
		if i > 0 {
			text = "Not done: one call at a time."
		}
		list = append(list, Message{Role: RoleTool, CallID: c.ID, Content: text})
	}
	return list
}
