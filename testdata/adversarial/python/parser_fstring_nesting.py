# attack: f-strings inside f-strings
# expect: invalid syntax
# expand: OPEN 5000 "f'{"
# expand: CLOSE 5000 "}'"
x = @@OPEN@@1@@CLOSE@@
