// attack: a result with a getter that never returns
// expect: exhausted fuel
({ get x() { for (;;); } });
