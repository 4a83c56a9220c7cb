// attack: functions that are put into each other, twice each
// expect: error | module | stopped

@inline function f0(n: i32): i32 { return n + 1; }
@inline function f1(n: i32): i32 { return f0(f0(n)); }
@inline function f2(n: i32): i32 { return f1(f1(n)); }
@inline function f3(n: i32): i32 { return f2(f2(n)); }
@inline function f4(n: i32): i32 { return f3(f3(n)); }
@inline function f5(n: i32): i32 { return f4(f4(n)); }
@inline function f6(n: i32): i32 { return f5(f5(n)); }
@inline function f7(n: i32): i32 { return f6(f6(n)); }
@inline function f8(n: i32): i32 { return f7(f7(n)); }
@inline function f9(n: i32): i32 { return f8(f8(n)); }
@inline function f10(n: i32): i32 { return f9(f9(n)); }
@inline function f11(n: i32): i32 { return f10(f10(n)); }
@inline function f12(n: i32): i32 { return f11(f11(n)); }
@inline function f13(n: i32): i32 { return f12(f12(n)); }
@inline function f14(n: i32): i32 { return f13(f13(n)); }
@inline function f15(n: i32): i32 { return f14(f14(n)); }
@inline function f16(n: i32): i32 { return f15(f15(n)); }
@inline function f17(n: i32): i32 { return f16(f16(n)); }
@inline function f18(n: i32): i32 { return f17(f17(n)); }
@inline function f19(n: i32): i32 { return f18(f18(n)); }
@inline function f20(n: i32): i32 { return f19(f19(n)); }
@inline function f21(n: i32): i32 { return f20(f20(n)); }
@inline function f22(n: i32): i32 { return f21(f21(n)); }
@inline function f23(n: i32): i32 { return f22(f22(n)); }
@inline function f24(n: i32): i32 { return f23(f23(n)); }
@inline function f25(n: i32): i32 { return f24(f24(n)); }
@inline function f26(n: i32): i32 { return f25(f25(n)); }
@inline function f27(n: i32): i32 { return f26(f26(n)); }
@inline function f28(n: i32): i32 { return f27(f27(n)); }
@inline function f29(n: i32): i32 { return f28(f28(n)); }
@inline function f30(n: i32): i32 { return f29(f29(n)); }
console.log(f30(1).toString());
