package compiler

// Block is a fenced code block of a model's answer.
type Block struct {
	Tag      string   // the language tag in lower case; may be empty
	Language Language // what the tag names; empty when it names nothing that runs here
	Text     string
	Line     int // lines before the content
	Closed   bool
	// Program says that the block can be meant as a program: its tag names a language that runs here, or says nothing of a language.
	Program bool
}

// Blocks lists the fenced code blocks of an answer, as Compile sees them; none when the text is a program itself or holds no fence.
func Blocks(text string) []Block {
	var list []Block
	for _, b := range findBlocks(text) {
		list = append(list, Block{b.tag, b.language, b.text, b.line, b.closed, b.language != "" || neutralTag(b.tag)})
	}
	return list
}
