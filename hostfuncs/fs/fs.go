// Package fs is the tools with which a program works on its files: what the policy mounts and its own scratch, the same tree that open() sees, under the
// same decisions. It is for programs that would rather call a tool than open a file, and for guests in which opening one is awkward; nothing can be
// reached here that open() does not reach. It imports only hostfuncs, vfs and policies.
//
// A call asks the policy twice: the gate asks about the path as the program wrote it, cleaned; the filesystem asks again about what it really opens,
// when a symbolic link led there (vfs.Mount.Authorize). The program's own folders, /work and /tmp, are no part of any policy: give the gate
// WithScratch, or these tools reach only what is granted by name.
package fs

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wand/hostfuncs"
	"wand/hostfuncs/vfs"
	"wand/policies"
	"wand/policies/nearest"
)

// Bounds of one call.
const (
	MaxBytes    = 8 << 20 // of a file's content read or written
	MaxEntries  = 10_000  // listed or removed
	defaultList = 1000
	nearbyNames = 1000 // that a hint is looked for among
	pieceBytes  = 256 << 10
	workFolder  = "/work" // what relative paths count from
	encodedArgs = MaxBytes/3*4 + 64<<10
	quotedArgs  = 2*MaxBytes + 64<<10
)

type filesKey struct{}

// With returns a context in which the tools work on a run's filesystem; it is for hostfuncs.GateOptions.Values.
func With(ctx context.Context, files *vfs.FS) context.Context {
	return context.WithValue(ctx, filesKey{}, files)
}

func filesOf(ctx context.Context) (*vfs.FS, error) {
	files, _ := ctx.Value(filesKey{}).(*vfs.FS)
	if files == nil {
		return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "this run has no files", Hint: "keep the data in variables"}
	}
	return files, nil
}

// WithScratch is a decider that also allows the fs actions on /work and /tmp, which a program may use as it likes in any case. What next forbids by a
// rule stays forbidden. A mount below one of them is still decided about when it is used, by the mount's own Authorize.
func WithScratch(next policies.Decider) policies.Decider { return scratch{next} }

type scratch struct{ next policies.Decider }

// Decide implements policies.Decider.
func (s scratch) Decide(q policies.Request) policies.Decision {
	d := policies.Decision{Rule: "default"}
	if s.next != nil {
		d = s.next.Decide(q)
	}
	own := q.Resource.Type == policies.ResourcePath && (under(workFolder, q.Resource.ID) || under("/tmp", q.Resource.ID))
	switch q.Action {
	case policies.ActionFileRead, policies.ActionFileWrite, policies.ActionFileAppend:
		if own && !d.Allowed && d.Rule == "default" {
			return policies.Decision{Allowed: true, Rule: "scratch"}
		}
	}
	return d
}

// MayAllow says that every fs action can be allowed, on the scratch at least, and otherwise what next says.
func (s scratch) MayAllow(action string) bool {
	switch action {
	case policies.ActionFileRead, policies.ActionFileWrite, policies.ActionFileAppend:
		return true
	}
	may, tells := s.next.(interface{ MayAllow(action string) bool })
	return s.next != nil && (!tells || may.MayAllow(action))
}

func under(folder, p string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

// Tools returns fs.read, fs.write, fs.list, fs.stat, fs.remove, fs.mkdir and fs.rename.
func Tools() []*hostfuncs.Definition {
	list := []*hostfuncs.Definition{
		tool("fs.read", "Returns the content of a file: a string, or bytes when the encoding is bytes.\n\nA large file is read in pieces, with offset and limit.", read, func(in readArgs) []policies.Request {
			return ask(policies.ActionFileRead, in.Path)
		}, nil),
		tool("fs.write", "Writes a file and returns how many bytes it wrote.\n\nA new content replaces the old one as a whole, or not at all.", write, func(in writeArgs) []policies.Request {
			if in.Mode == "append" {
				return ask(policies.ActionFileAppend, in.Path)
			}
			return ask(policies.ActionFileWrite, in.Path)
		}, func(in writeArgs) string {
			return fmt.Sprintf("would %s %s with %d bytes of content", in.Mode, clean(in.Path), len(in.Content))
		}),
		tool("fs.list", "Lists a folder: path, kind (file, folder or link), size in bytes and time of the last change of each entry, by path.", list, func(in listArgs) []policies.Request {
			return ask(policies.ActionFileRead, in.Path)
		}, nil),
		tool("fs.stat", "Says what is at a path: kind, size in bytes and time of the last change.", stat, func(in pathArgs) []policies.Request {
			return ask(policies.ActionFileRead, in.Path)
		}, nil),
		tool("fs.remove", "Removes a file or an empty folder, with recursive a folder and everything in it; returns how many it removed.", remove, func(in removeArgs) []policies.Request {
			return ask(policies.ActionFileWrite, in.Path)
		}, func(in removeArgs) string {
			if in.Recursive {
				return "would remove " + clean(in.Path) + " and everything in it"
			}
			return "would remove " + clean(in.Path)
		}),
		tool("fs.mkdir", "Makes a folder and those above it. One that is there already is fine.", mkdir, func(in pathArgs) []policies.Request {
			return ask(policies.ActionFileWrite, in.Path)
		}, func(in pathArgs) string { return "would make the folder " + clean(in.Path) }),
		tool("fs.rename", "Moves a file or folder, and replaces a file that is at the new path. Both paths must be in the same mount.", rename, func(in renameArgs) []policies.Request {
			return slices.Concat(ask(policies.ActionFileRead, in.From), ask(policies.ActionFileWrite, in.From), ask(policies.ActionFileWrite, in.To))
		}, func(in renameArgs) string { return "would move " + clean(in.From) + " to " + clean(in.To) }),
	}
	for _, d := range list {
		switch d.Name {
		case "fs.read", "fs.list", "fs.stat":
			d.Effect = hostfuncs.ReadOnly
			d.Actions = []policies.Action{policies.ActionFileRead}
			continue
		case "fs.mkdir":
			d.Effect = hostfuncs.Idempotent
		case "fs.write":
			d.MaxArgs = max(encodedArgs, quotedArgs)
		}
		d.Actions = []policies.Action{policies.ActionFileWrite, policies.ActionFileAppend}
	}
	return list
}

func tool[In, Out any](name, doc string, do func(context.Context, *vfs.FS, In) (Out, error), requests func(In) []policies.Request, preview func(In) string) *hostfuncs.Definition {
	d := hostfuncs.Tool(name, doc, func(ctx context.Context, in In) (Out, error) {
		files, err := filesOf(ctx)
		if err != nil {
			var none Out
			return none, err
		}
		return do(ctx, files, in)
	})
	d.Requests = func(args json.RawMessage) ([]policies.Request, error) {
		var in In
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, err
		}
		return requests(in), nil
	}
	if preview != nil {
		d.Preview = func(args json.RawMessage) string {
			var in In
			if json.Unmarshal(args, &in) != nil {
				return "would call " + name
			}
			return preview(in)
		}
	}
	return d
}

func ask(a policies.Action, p string) []policies.Request {
	return []policies.Request{{Action: a, Resource: policies.Resource{Type: policies.ResourcePath, ID: clean(p)}}}
}

// clean is a path from "/" without dots; it is what the policy is asked about and what is then used.
func clean(p string) string {
	if !strings.HasPrefix(p, "/") {
		p = workFolder + "/" + p
	}
	return path.Clean(p)
}

type readArgs struct {
	Path     string `json:"path" jsonschema:"file to read; counts from /work unless it begins with /"`
	Encoding string `json:"encoding" enum:"text,bytes,base64" default:"text" jsonschema:"text for UTF-8, bytes, or base64 for bytes as a string"`
	Offset   int64  `json:"offset" default:"0" minimum:"0" jsonschema:"byte to begin at"`
	Limit    int64  `json:"limit" default:"0" minimum:"0" maximum:"8388608" jsonschema:"most bytes to read; 0 for all"`
}

func read(ctx context.Context, files *vfs.FS, in readArgs) (any, error) {
	p := clean(in.Path)
	h, e := files.Open(nil, p, vfs.Read)
	if e != vfs.OK {
		return nil, problem(files, "fs.read", p, e)
	}
	defer h.Close()
	if h.Kind() == vfs.KindDirectory {
		return nil, problem(files, "fs.read", p, vfs.EISDIR)
	}
	most := in.Limit
	if most == 0 {
		st, e := h.Stat()
		if e != vfs.OK {
			return nil, problem(files, "fs.read", p, e)
		}
		if st.Size-in.Offset > MaxBytes {
			return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("fs.read: %s has %d bytes, and one call returns at most %d", p, st.Size, MaxBytes),
				Hint: "read it in pieces with offset and limit, or open it and go through it line by line"}
		}
		most = MaxBytes
	}
	var data []byte
	for int64(len(data)) < most && ctx.Err() == nil {
		at := len(data)
		data = slices.Grow(data, pieceBytes)[:at+int(min(pieceBytes, most-int64(at)))]
		n, e := h.ReadAt(data[at:], in.Offset+int64(at))
		data = data[:at+n]
		if e != vfs.OK {
			return nil, problem(files, "fs.read", p, e)
		}
		if n == 0 {
			break
		}
	}
	switch in.Encoding {
	case "base64":
		return base64.StdEncoding.EncodeToString(data), ctx.Err()
	case "bytes":
		if data == nil {
			data = []byte{}
		}
		return hostfuncs.Bytes(data), ctx.Err()
	}
	if in.Limit > 0 {
		data = whole(data)
	}
	if !utf8.Valid(data) {
		hint := `ask for encoding "bytes"`
		if in.Offset > 0 {
			hint += ", or choose an offset where a character begins"
		}
		return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("fs.read: %s is not UTF-8 text, at byte %d", p, in.Offset+int64(firstInvalid(data))), Hint: hint}
	}
	return string(data), ctx.Err()
}

// whole leaves out a character that was cut at the end.
func whole(data []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(data); i++ {
		if b := data[len(data)-i]; utf8.RuneStart(b) {
			if !utf8.FullRune(data[len(data)-i:]) {
				return data[:len(data)-i]
			}
			break
		}
	}
	return data
}

func firstInvalid(data []byte) int {
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

type writeArgs struct {
	Path     string          `json:"path" jsonschema:"file to write; counts from /work unless it begins with /"`
	Content  hostfuncs.Bytes `json:"content" jsonschema:"what to write"`
	Mode     string          `json:"mode" enum:"overwrite,create,append" default:"overwrite" jsonschema:"create fails when the file is there; append adds to its end"`
	Encoding string          `json:"encoding" enum:"text,base64" default:"text" jsonschema:"base64 when content is a string that holds bytes"`
}

func write(_ context.Context, files *vfs.FS, in writeArgs) (int, error) {
	p, data := clean(in.Path), []byte(in.Content)
	if in.Encoding == "base64" {
		var err error
		if data, err = base64.StdEncoding.DecodeString(string(in.Content)); err != nil {
			return 0, &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: "fs.write: content is not base64: " + err.Error(), Hint: `leave encoding out to write text as it is`}
		}
	}
	if len(data) > MaxBytes {
		return 0, &hostfuncs.Error{Type: hostfuncs.ArgumentError, Message: fmt.Sprintf("fs.write: content has %d bytes; at most %d are taken", len(data), MaxBytes),
			Hint: `write the first piece, and the others with mode "append"`}
	}
	flags := vfs.Write | vfs.Create
	switch in.Mode {
	case "append":
		flags |= vfs.Append
	case "create":
		flags |= vfs.Exclusive
	default:
		flags |= vfs.Truncate
	}
	h, e := files.Open(nil, p, flags)
	if e != vfs.OK {
		return 0, problem(files, "fs.write", p, e)
	}
	_, e = h.Write(data)
	if closed := h.Close(); e == vfs.OK {
		e = closed
	}
	if e != vfs.OK {
		return 0, problem(files, "fs.write", p, e)
	}
	return len(data), nil
}

type pathArgs struct {
	Path string `json:"path" jsonschema:"file or folder; counts from /work unless it begins with /"`
}

// Entry is what fs.stat and fs.list say of a file or folder.
type Entry struct {
	Path     string `json:"path"`
	Kind     string `json:"kind" enum:"file,folder,link"`
	Size     int64  `json:"size" jsonschema:"bytes"`
	Modified string `json:"modified,omitempty" jsonschema:"RFC 3339"`
}

func entryOf(p string, st vfs.Stat) Entry {
	e := Entry{Path: p, Kind: kindName(st.Kind), Size: st.Size, Modified: time.Unix(0, st.Mtime).UTC().Format(time.RFC3339)}
	if st.Kind == vfs.KindDirectory {
		e.Size = 0
	}
	return e
}

func kindName(k vfs.Kind) string {
	switch k {
	case vfs.KindDirectory:
		return "folder"
	case vfs.KindLink:
		return "link"
	}
	return "file"
}

func stat(_ context.Context, files *vfs.FS, in pathArgs) (Entry, error) {
	p := clean(in.Path)
	st, e := files.Stat(nil, p, true)
	if e != vfs.OK {
		return Entry{}, problem(files, "fs.stat", p, e)
	}
	return entryOf(p, st), nil
}

type listArgs struct {
	Path      string `json:"path" default:"." jsonschema:"folder; counts from /work unless it begins with /"`
	Recursive bool   `json:"recursive" default:"false" jsonschema:"list what is in its folders too"`
	Limit     int    `json:"limit" default:"1000" minimum:"1" maximum:"10000" jsonschema:"most entries to list"`
}

// Listing is what fs.list returns.
type Listing struct {
	Entries []Entry `json:"entries"`
	More    bool    `json:"more" jsonschema:"whether there are more than were listed"`
}

func list(ctx context.Context, files *vfs.FS, in listArgs) (Listing, error) {
	out := Listing{Entries: []Entry{}}
	p := clean(in.Path)
	folders := []string{p}
	for len(folders) > 0 && !out.More {
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		found, more, e := children(files, folder, in.Limit-len(out.Entries))
		if e != vfs.OK && folder != p {
			continue // listed, but not to be looked into
		}
		if e != vfs.OK {
			return out, problem(files, "fs.list", p, e)
		}
		out.More = more
		first := len(folders)
		for _, c := range found {
			at := path.Join(folder, c.Name)
			entry := Entry{Path: at, Kind: kindName(c.Kind)}
			if st, e := files.Stat(nil, at, false); e == vfs.OK {
				entry = entryOf(at, st)
			}
			out.Entries = append(out.Entries, entry)
			if in.Recursive && c.Kind == vfs.KindDirectory {
				folders = append(folders, at)
			}
		}
		slices.Reverse(folders[first:])
		if len(out.Entries) == in.Limit && len(folders) > 0 {
			out.More = true // what is in these folders was not looked at
		}
	}
	slices.SortFunc(out.Entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// children lists at most so many entries of a folder, by name, and says whether there are more.
func children(files *vfs.FS, folder string, most int) (found []vfs.DirEntry, more bool, e vfs.Errno) {
	h, e := files.Open(nil, folder, vfs.Read|vfs.Directory|vfs.NoFollow)
	if e == vfs.ELOOP {
		h, e = files.Open(nil, folder, vfs.Read|vfs.Directory)
	}
	if e != vfs.OK {
		return nil, false, e
	}
	defer h.Close()
	e = h.ReadDir(0, func(d vfs.DirEntry) bool {
		if d.Name == "." || d.Name == ".." {
			return true
		}
		if len(found) >= most {
			more = true
			return false
		}
		found = append(found, d)
		return true
	})
	slices.SortFunc(found, func(a, b vfs.DirEntry) int { return strings.Compare(a.Name, b.Name) })
	return found, more, e
}

type removeArgs struct {
	Path      string `json:"path" jsonschema:"file or folder; counts from /work unless it begins with /"`
	Recursive bool   `json:"recursive" default:"false" jsonschema:"remove a folder that is not empty"`
}

func remove(ctx context.Context, files *vfs.FS, in removeArgs) (int, error) {
	p := clean(in.Path)
	left := MaxEntries
	removed, e := removeAt(ctx, files, p, in.Recursive, &left)
	switch {
	case ctx.Err() != nil:
		return removed, ctx.Err()
	case e != vfs.OK && removed > 0:
		err := problem(files, "fs.remove", p, e)
		err.Message += fmt.Sprintf(" (%d of what is in it were removed)", removed)
		return removed, err
	case e != vfs.OK:
		return 0, problem(files, "fs.remove", p, e)
	}
	return removed, nil
}

func removeAt(ctx context.Context, files *vfs.FS, p string, recursive bool, left *int) (int, vfs.Errno) {
	e := files.Unlink(nil, p)
	if e == vfs.OK {
		return 1, vfs.OK
	}
	if e != vfs.EISDIR {
		return 0, e
	}
	removed := 0
	for e = files.Rmdir(nil, p); e == vfs.ENOTEMPTY && recursive; e = files.Rmdir(nil, p) {
		found, _, failed := children(files, p, 256)
		if failed != vfs.OK {
			return removed, failed
		}
		if len(found) == 0 {
			break // what is in it cannot be seen, so it cannot be removed
		}
		for _, c := range found {
			if *left--; *left < 0 {
				return removed, vfs.E2BIG
			}
			if ctx.Err() != nil {
				return removed, vfs.EIO
			}
			n, e := removeAt(ctx, files, path.Join(p, c.Name), true, left)
			removed += n
			if e != vfs.OK {
				return removed, e
			}
		}
	}
	if e == vfs.OK {
		removed++
	}
	return removed, e
}

func mkdir(_ context.Context, files *vfs.FS, in pathArgs) (any, error) {
	p := clean(in.Path)
	e := files.Mkdir(nil, p)
	if e == vfs.ENOENT {
		// Those above are made one by one. One that may not be made may still be there.
		refused := e
		for i := 1; i <= len(p); i++ {
			if i < len(p) && p[i] != '/' {
				continue
			}
			switch e = files.Mkdir(nil, p[:i]); e {
			case vfs.OK, vfs.EEXIST, vfs.ENOENT:
			case vfs.EROFS, vfs.EACCES:
				refused = e
			default:
				return nil, problem(files, "fs.mkdir", p[:i], e)
			}
		}
		if e == vfs.ENOENT {
			e = refused
		}
	}
	if e == vfs.EEXIST {
		st, found := files.Stat(nil, p, true)
		if found == vfs.OK && st.Kind != vfs.KindDirectory {
			return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: "fs.mkdir: " + shown(p) + " is a file", Hint: "choose another name"}
		}
		e = vfs.OK
	}
	if e != vfs.OK {
		return nil, problem(files, "fs.mkdir", p, e)
	}
	return nil, nil
}

type renameArgs struct {
	From string `json:"from" jsonschema:"file or folder to move"`
	To   string `json:"to" jsonschema:"its new path"`
}

func rename(_ context.Context, files *vfs.FS, in renameArgs) (any, error) {
	from, to := clean(in.From), clean(in.To)
	switch e := files.Rename(nil, from, nil, to); e {
	case vfs.OK:
		return nil, nil
	case vfs.EXDEV:
		return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("fs.rename: %s and %s are not in the same mount", shown(from), shown(to)), Hint: "read the file, write it to the new path, and remove the old one"}
	case vfs.EISDIR, vfs.ENOTDIR, vfs.ENOTEMPTY, vfs.EEXIST:
		return nil, &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("fs.rename: %s cannot take the place of %s: %v", shown(from), shown(to), e), Hint: "remove what is at the new path, or choose another one"}
	default:
		return nil, problem(files, "fs.rename", from, e)
	}
}

// shown is a path in a message.
func shown(p string) string {
	if len(p) > 300 {
		p = p[:300] + "..."
	}
	return fmt.Sprintf("%q", p)
}

// problem is an error number as an error that says what to do.
func problem(files *vfs.FS, name, p string, e vfs.Errno) *hostfuncs.Error {
	out := &hostfuncs.Error{Type: hostfuncs.ToolError, Message: fmt.Sprintf("%s: %s: %v", name, shown(p), e)}
	switch e {
	case vfs.ENOENT:
		out.Message = fmt.Sprintf("%s: there is nothing at %s", name, shown(p))
		out.Hint = nearby(files, p)
	case vfs.EACCES, vfs.EPERM:
		// The gate has let the path itself pass, or the policy's reason would stand here.
		out.Type = hostfuncs.PermissionError
		out.Message = fmt.Sprintf("%s: the mount refuses this for %s", name, shown(p))
		out.Hint = "a mount also refuses links that leave it or lead to what is not granted, devices, pipes, and names that are spelled otherwise on the host"
	case vfs.EROFS:
		out.Type = hostfuncs.PermissionError
		out.Message = fmt.Sprintf("%s: %s is read-only", name, shown(p))
		out.Hint = "write below /work or /tmp, or to a folder that the policy grants for writing"
	case vfs.EEXIST:
		out.Message = fmt.Sprintf("%s: %s is there already", name, shown(p))
		out.Hint = `choose another name, or mode "overwrite"`
	case vfs.EISDIR:
		out.Message = fmt.Sprintf("%s: %s is a folder", name, shown(p))
		out.Hint = "list it with fs.list"
	case vfs.ENOTDIR:
		out.Message = fmt.Sprintf("%s: %s, or something above it, is not a folder", name, shown(p))
	case vfs.ENOTEMPTY:
		out.Message = fmt.Sprintf("%s: the folder %s is not empty", name, shown(p))
		out.Hint = "remove it with recursive"
	case vfs.EDQUOT:
		out.Message = fmt.Sprintf("%s: %s does not fit into the quota of its mount", name, shown(p))
		out.Hint = "write less, or remove something there first"
	case vfs.ENOSPC:
		out.Message = fmt.Sprintf("%s: there is no room left for %s", name, shown(p))
	case vfs.EMFILE:
		out.Hint = "close files that the program has open"
	case vfs.E2BIG:
		out.Message = fmt.Sprintf("%s: %s holds more than %d entries, the most for one call", name, shown(p), MaxEntries)
		out.Hint = "call it again for the rest"
	case vfs.EINVAL, vfs.EILSEQ, vfs.ENAMETOOLONG:
		out.Type = hostfuncs.ArgumentError
		out.Message = fmt.Sprintf("%s: %s is no path: %v", name, shown(p), e)
		out.Hint = "names are UTF-8 of at most 255 bytes, without NUL or backslash"
	case vfs.EBUSY:
		out.Hint = "it is in use: a mount, or a file that is still open"
	}
	return out
}

// nearby suggests a name that is there.
func nearby(files *vfs.FS, p string) string {
	folder, name := path.Split(p)
	found, _, e := children(files, path.Clean(folder), nearbyNames)
	if e == vfs.ENOENT {
		return "its folder is not there either: make it with fs.mkdir, or list the one above"
	}
	if e != vfs.OK {
		return ""
	}
	names := make([]string, len(found))
	for i, c := range found {
		names[i] = c.Name
	}
	if near := nearest.Name(name, names); near != "" {
		return "did you mean " + path.Join(folder, near) + "?"
	}
	return "fs.list says what is in " + path.Clean(folder)
}
