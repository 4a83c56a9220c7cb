# attack: sit down in the debugger and wait for somebody
# expect: failed exception BdbQuit | failed exception EOFError | completed | failed exit
# because: with no input the debugger quits in a way that changed between versions
breakpoint()
