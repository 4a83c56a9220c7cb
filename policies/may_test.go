package policies

import "testing"

func TestMayAllow(t *testing.T) {
	p, err := Parse("test.yaml", []byte("version: 1\nnetwork: [{host: '*.example.com'}]\nfiles: [{host: ., guest: /data}]\ntools: [{name: kv.*}, {name: mail.send, when: 'context.args.to == \"a\"'}]\nforbid: [{name: clock.now}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[Action]bool{
		ActionHTTP: true, ActionFileRead: true, ActionFileWrite: false, ActionKVGet: true, "kv.delete": true, "mail.send": true, "mail.delete": false,
		"clock.now": false, ActionLLM: false, "": false,
	} {
		if got := e.MayAllow(action); got != want {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
}
