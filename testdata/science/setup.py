# What every program here begins with; those that name pd, sales or people go on with setup_pandas.py.
import io
import json
import math

import numpy as np

a = np.arange(12).reshape(3, 4)
m = np.array([[4.0, 1.0, 2.0], [1.0, 3.0, 0.0], [2.0, 0.0, 5.0]])


def plain(x):
    if hasattr(x, "columns"):
        return {"columns": [str(c) for c in x.columns], "index": plain(list(x.index)), "data": [[plain(v) for v in row] for row in x.itertuples(index=False)]}
    if hasattr(x, "index") and hasattr(x, "dtype"):
        return {"index": plain(list(x.index)), "data": [plain(v) for v in x]}
    if isinstance(x, (np.ndarray, list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, dict):
        return {str(k): plain(v) for k, v in x.items()}
    if isinstance(x, (np.bool_, bool)):
        return bool(x)
    if isinstance(x, (np.integer, int)):
        return int(x)
    if isinstance(x, (complex, np.complexfloating)):
        return [plain(x.real), plain(x.imag)]
    if isinstance(x, (np.floating, float)):
        return float(x) if math.isfinite(x) else repr(float(x))
    return None if x is None else str(x)


def value(x):
    """Prints a value to the last digit."""
    print("=", json.dumps(plain(x)))
