# attack: combinatorics, collected
# expect: exhausted memory
# limits: memory=64MiB fuel=4G
import itertools
list(itertools.permutations(range(12)))
