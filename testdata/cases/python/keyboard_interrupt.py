raise KeyboardInterrupt  # error: KeyboardInterrupt
