let n: u64 = 0;
while (true) n++;
