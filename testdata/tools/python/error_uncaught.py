# hint: try something else
# stderr: tools.ToolError: no luck
# stderr: hint: try something else
import tools


def work():
    tools.fail()  # error: ToolError: no luck


work()
