open("nothing.txt")  # error: FileNotFoundError: [Errno 2] No such file or directory: 'nothing.txt'
