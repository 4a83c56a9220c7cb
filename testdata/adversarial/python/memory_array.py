# attack: an array of a billion doubles
# expect: exhausted memory
import array
array.array("d", [0]) * 10**9
