# attack: GeneratorExit at top level
# expect: failed exception GeneratorExit
raise GeneratorExit
