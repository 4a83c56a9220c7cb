// stdout: Uint8Array(10) [
// stdout:    97, 195, 169, 226,
// stdout:   130, 172, 240, 159,
// stdout:   152, 128
// stdout: ] aé€😀
// stdout: hi windows-1252
// stdout: a��
// stdout: TypeError ERR_ENCODING_INVALID_ENCODED_DATA
// stdout: €
// stdout: aGVsbG8= hi

const e = new TextEncoder();
console.log(e.encode('aé€😀'), new TextDecoder().decode(e.encode('aé€😀')));
console.log(new TextDecoder('utf-16le').decode(new Uint8Array([104, 0, 105, 0])), new TextDecoder('latin1').encoding);
console.log(new TextDecoder().decode(new Uint8Array([0x61, 0xff, 0xe2, 0x82])));
try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])); } catch (err) { console.log(err.name, err.code); }
const d = new TextDecoder();
console.log(d.decode(new Uint8Array([0xe2, 0x82]), { stream: true }) + d.decode(new Uint8Array([0xac])));
console.log(btoa('hello'), atob('aGk='));
