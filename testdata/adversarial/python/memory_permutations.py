# attack: combinatorics, collected
# expect: exhausted memory
# limits: memory=64MiB
import itertools
list(itertools.permutations(range(12)))
