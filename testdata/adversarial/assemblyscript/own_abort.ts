// attack: functions that the host part has as well
// expect: module | error

export function wand_abort(): void {}
export function wand_seed(): f64 { return 0; }
wand_abort();
