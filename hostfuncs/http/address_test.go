package http

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	"wand/hostfuncs"
	"wand/policies"
)

func asError(err error) *hostfuncs.Error {
	var e *hostfuncs.Error
	if !errors.As(err, &e) {
		return &hostfuncs.Error{}
	}
	return e
}

func TestNotPublic(t *testing.T) {
	for _, c := range []struct{ address, kind string }{
		{"8.8.8.8", ""}, {"93.184.215.14", ""}, {"2606:4700::1111", ""}, {"2a00:1450:4001::200e", ""}, {"::ffff:8.8.8.8", ""}, {"64:ff9b::808:808", ""},
		{"100.63.255.255", ""}, {"100.128.0.0", ""}, {"172.15.255.255", ""}, {"172.32.0.0", ""}, {"223.255.255.255", ""}, {"198.17.255.255", ""}, {"168.63.129.15", ""},
		{"0.0.0.0", "unspecified"}, {"0.1.2.3", "this-network"}, {"10.0.0.1", "private"}, {"100.64.0.1", "shared (carrier NAT)"}, {"127.0.0.1", "loopback"}, {"127.255.255.255", "loopback"},
		{"169.254.169.254", "link-local"}, {"168.63.129.16", "cloud platform"}, {"172.16.0.1", "private"}, {"172.31.255.255", "private"}, {"192.0.0.8", "protocol"},
		{"192.0.2.1", "documentation"}, {"192.88.99.1", "6to4 relay"}, {"192.168.1.1", "private"}, {"198.19.0.1", "benchmark"}, {"198.51.100.1", "documentation"},
		{"203.0.113.1", "documentation"}, {"224.0.0.1", "multicast"}, {"239.255.255.255", "multicast"}, {"240.0.0.1", "reserved"}, {"255.255.255.255", "broadcast"},
		{"::", "unspecified"}, {"::1", "loopback"}, {"::127.0.0.1", "IPv4-compatible"}, {"::ffff:127.0.0.1", "loopback"}, {"::ffff:169.254.169.254", "link-local"},
		{"::ffff:0:127.0.0.1", "IPv4-translated"}, {"64:ff9b::7f00:1", "loopback"}, {"64:ff9b::a9fe:a9fe", "link-local"}, {"64:ff9b:1::1", "local translation"}, {"100::1", "discard"},
		{"2001::1", "Teredo"}, {"2001:0:53aa:64c::1", "Teredo"}, {"2001:10::1", "protocol"}, {"2001:db8::1", "documentation"}, {"2002:7f00:1::1", "6to4"}, {"2002:808:808::1", "6to4"},
		{"3fff::1", "documentation"}, {"5f00::1", "segment routing"}, {"fc00::1", "private"}, {"fd00:ec2::254", "private"}, {"fe80::1", "link-local"}, {"fe80::1%eth0", "link-local"},
		{"fec0::1", "site-local"}, {"ff02::1", "multicast"}, {"4000::1", "unassigned"}, {"1::1", "unassigned"},
	} {
		if got := notPublic(netip.MustParseAddr(c.address)); got != c.kind {
			t.Errorf("%s is %q, want %q", c.address, got, c.kind)
		}
	}
	if notPublic(netip.Addr{}) == "" {
		t.Error("no address at all is public")
	}
}

// Whatever the policies or netip call not public is not public here.
func TestNotPublicIsTheStrictest(t *testing.T) {
	check := func(a netip.Addr) {
		t.Helper()
		netipSays := a.Unmap().IsPrivate() || a.Unmap().IsLoopback() || a.Unmap().IsLinkLocalUnicast() || a.Unmap().IsMulticast() || a.Unmap().IsUnspecified()
		if notPublic(a) == "" && (netipSays || !policies.PublicAddress(a)) {
			t.Errorf("%s is public", a)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1 << 16 {
		check(netip.AddrFrom4([4]byte{byte(i >> 8), byte(i), byte(random.Uint32()), byte(random.Uint32())}))
		var b [16]byte
		binary.BigEndian.PutUint64(b[:], random.Uint64())
		b[0], b[1] = byte(i>>8), byte(i)
		binary.BigEndian.PutUint64(b[8:], random.Uint64())
		check(netip.AddrFrom16(b))
	}
}
