# hint: did you mean append?
[].appendd(1)  # error: AttributeError: 'list' object has no attribute 'appendd'
