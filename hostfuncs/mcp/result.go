package mcp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"wand/hostfuncs"
)

// callResult is the answer to tools/call, as much of it as programs see.
type callResult struct {
	Content           []content       `json:"content"`
	StructuredContent json.RawMessage `json:"structuredContent"`
	IsError           bool            `json:"isError"`
	InputRequests     json.RawMessage `json:"inputRequests"`
}

type content struct {
	Type        string `json:"type"`
	Text        string `json:"text"`
	Data        string `json:"data"`
	MIMEType    string `json:"mimeType"`
	URI         string `json:"uri"`
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Resource    *struct {
		URI      string  `json:"uri"`
		MIMEType string  `json:"mimeType"`
		Text     *string `json:"text"`
		Blob     string  `json:"blob"`
	} `json:"resource"`
}

// maxErrorText bounds what a server's error says, in bytes.
const maxErrorText = 8 << 10

// convert makes the value that a program gets of a server's answer: the structured content where there is some; else the text, one piece a line; else
// the list of the pieces, of which those that are no text are objects with mime_type and data, uri or name.
func convert(raw json.RawMessage, name string) (json.RawMessage, error) {
	var r callResult
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, toolError(name + ": the server's answer is not what the protocol says")
	}
	if len(r.InputRequests) > 0 && string(r.InputRequests) != "null" {
		return nil, toolError(name + ": the server asks for something in return, and nobody is there to give it")
	}
	if r.IsError {
		var texts []string
		for _, c := range r.Content {
			if c.Type == "text" {
				texts = append(texts, c.Text)
			}
		}
		message := clean(strings.Join(texts, "\n"), maxErrorText)
		if message == "" {
			message = name + ": the tool failed and does not say why"
		}
		return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: message}
	}
	if s := bytes.TrimSpace(r.StructuredContent); len(s) > 0 && string(s) != "null" {
		return untagged(s)
	}
	pieces := make([]any, 0, len(r.Content))
	texts := make([]string, 0, len(r.Content))
	for _, c := range r.Content {
		piece := c.value()
		pieces = append(pieces, piece)
		if text, ok := piece.(string); ok {
			texts = append(texts, text)
		}
	}
	switch {
	case len(pieces) == 0:
		return json.RawMessage("null"), nil
	case len(texts) == len(pieces):
		return encode(strings.Join(texts, "\n"))
	case len(pieces) == 1:
		return encode(pieces[0])
	}
	return encode(pieces)
}

func (c *content) value() any {
	switch c.Type {
	case "text":
		return c.Text
	case "image", "audio":
		return blob(map[string]any{"mime_type": c.MIMEType}, c.Data)
	case "resource":
		if c.Resource == nil {
			break
		}
		m := map[string]any{"uri": c.Resource.URI, "mime_type": c.Resource.MIMEType}
		if c.Resource.Text != nil {
			m["text"] = *c.Resource.Text
			return m
		}
		return blob(m, c.Resource.Blob)
	case "resource_link":
		return map[string]any{"uri": c.URI, "name": c.Name, "title": c.Title, "description": c.Description, "mime_type": c.MIMEType}
	}
	return map[string]any{"type": c.Type}
}

// blob adds bytes, tagged as programs get them (modules/ABI.md).
func blob(m map[string]any, text string) any {
	if _, err := base64.StdEncoding.DecodeString(text); err != nil {
		m["error"] = "its data is not base64"
		return m
	}
	m["data"] = map[string]any{"$type": "bytes", "value": text}
	return m
}

// untagged is a server's JSON in which the key $type means nothing: an object that has it is written as the ABI writes such objects.
func untagged(text json.RawMessage) (json.RawMessage, error) {
	if !bytes.Contains(text, []byte("$type")) && !bytes.Contains(text, []byte(`\u`)) {
		return text, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, toolError("the server's answer is not JSON")
	}
	found := false
	v = tagMaps(v, &found)
	if !found {
		return text, nil
	}
	return encode(v)
}

func tagMaps(v any, found *bool) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = tagMaps(v[i], found)
		}
	case map[string]any:
		for k := range v {
			v[k] = tagMaps(v[k], found)
		}
		if _, has := v["$type"]; has {
			*found = true
			items := make([]any, 0, len(v))
			for _, k := range sortedKeys(v) {
				items = append(items, []any{k, v[k]})
			}
			return map[string]any{"$type": "map", "items": items}
		}
	}
	return v
}

func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func toolError(message string) error {
	return &hostfuncs.Error{Type: hostfuncs.ToolError, Message: message}
}
