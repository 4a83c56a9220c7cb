# attack: a flood through the warnings machinery
# expect: exhausted output
import warnings
warnings.simplefilter("always")
while True:
    warnings.warn("w" * 500)
