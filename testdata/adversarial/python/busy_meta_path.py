# attack: an import hook that never answers, hit by whatever is imported next
# expect: exhausted fuel
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        while True:
            pass
sys.meta_path.insert(0, Finder())
import colorsys_that_is_not_there
