// attack: sockets
// expect: module

@external("wasi_snapshot_preview1", "sock_connect") declare function connect(fd: i32): i32;
connect(3);
