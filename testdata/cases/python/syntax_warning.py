# stdout: ok
# warning: invalid escape sequence '\d'
# stderr: SyntaxWarning: invalid escape sequence '\d'
pattern = "\d+"
print("ok")
