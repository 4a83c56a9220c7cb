# attack: start the interactive console inside the program
# expect: completed | failed exit | failed exception
# because: with no input it ends at once; a guest may leave the module out
import code
code.interact()
