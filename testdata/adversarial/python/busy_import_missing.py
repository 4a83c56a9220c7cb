# attack: importing what does not exist, for ever, with the error swallowed
# expect: exhausted fuel
# limits: fuel=300M
while True:
    try:
        import no_such_module_at_all
    except ImportError:
        pass
