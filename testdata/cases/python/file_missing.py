open("nothing.txt")  # error: FileNotFoundError: [Errno 44] No such file or directory: 'nothing.txt'
