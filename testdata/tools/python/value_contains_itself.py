import tools

x = []
x.append(x)
tools.echo(x=x)  # error: ValueError: the value contains itself...
