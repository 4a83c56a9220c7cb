"""What draws df.plot and its like in this guest: matplotlib's stand-in, which draws simple charts as SVG. It takes the place of pandas' own module of this name, which wants matplotlib itself.

pandas looks it up when something is first drawn. The contract is plot(data, kind, ...) and a few functions beside it, which return axes.
"""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import cm
from matplotlib._looks import stand_in

KINDS = ("line", "bar", "barh", "hist", "box", "area", "pie", "scatter")


def plot(data, kind, *, ax=None, subplots=False, layout=None, figsize=None, sharex=None, sharey=None, title=None, **named):
    """Draws a Series or the columns of a DataFrame. Returns the axes, or an array of them with subplots=True."""
    named = {name: value for name, value in named.items() if value is not None}
    if kind not in KINDS:
        raise NotImplementedError(f"this stand-in for matplotlib draws df.plot of the kinds {', '.join(KINDS)}, not {kind!r}")
    series = data.ndim == 1
    if series:
        name = named.pop("label", None)
        data = data.to_frame(name=name if name is not None else data.name if data.name is not None else "None")
    if kind == "scatter":
        ax = _place(ax, figsize, False)
        _scatter(ax, data, **named)
        return _finish(ax, title, named)
    data = _numbers(data, kind)
    if subplots:
        return _several(data, kind, ax, layout, figsize, sharex, sharey, title, named)
    ax = _place(ax, figsize, series)
    legend = named.pop("legend", not series)
    secondary = named.pop("secondary_y", False)
    if kind == "pie" and not series:
        raise ValueError("pie requires either y column or 'subplots=True'")
    right = list(data.columns) if secondary is True else [c for c in data.columns if secondary and c in secondary] if secondary else []
    drawn, left = ax, data.drop(columns=right)
    if left.shape[1]:
        _DRAW[kind](ax, left, named, legend)
    if right:
        twin = ax.twinx()
        twin.next, drawn = ax.next, ax if left.shape[1] else twin
        _DRAW[kind](twin, data[right].rename(columns=lambda c: f"{c} (right)"), named, legend)
    if legend and kind not in ("box", "pie"):
        handles, names = ax.get_legend_handles_labels()
        for twin in ax.twins:
            more = twin.get_legend_handles_labels()
            handles, names = handles + more[0], names + more[1]
        if legend == "reverse":
            handles, names = handles[::-1], names[::-1]
        ax.legend(handles, names, title=", ".join(str(n) for n in data.columns.names if n is not None) or None)
    return _finish(drawn, title, named)


def _numbers(data, kind):
    """Leaves the columns of numbers."""
    numbers = data.select_dtypes(include=["number", "timedelta"] if kind != "hist" else "number")
    objects = [c for c in data.columns if c not in numbers.columns and data[c].dtype == object]
    found = {c: pd.to_numeric(data[c], errors="coerce") for c in objects}
    keep = [c for c in data.columns if c in numbers.columns or c in found and found[c].notna().any() and data[c].map(lambda v: not isinstance(v, str)).all()]
    if not keep:
        raise TypeError("no numeric data to plot")
    return data[keep].assign(**{str(c): found[c] for c in keep if c in found and isinstance(c, str)})


def _place(ax, figsize, series):
    """Returns the axes to draw in: a Series goes where the last chart went, a DataFrame into a figure of its own."""
    if ax is None:
        ax = plt.gca() if series and plt.get_fignums() else plt.figure(figsize=figsize).add_subplot()
    if figsize is not None:
        ax.figure.set_size_inches(figsize)
    return ax


def _finish(ax, title, named):
    """Sets what every kind of chart may be told of its axes."""
    for name, kinds in (("logx", "x"), ("logy", "y"), ("loglog", "xy")):
        if named.get(name):
            for along in kinds:
                getattr(ax, f"set_{along}scale")("log")
    for name in ("xlim", "ylim", "xticks", "yticks", "xlabel", "ylabel"):
        if name in named:
            getattr(ax, "set_" + name)(named[name])
    if "rot" in named:
        ax.tick_params(rotation=named["rot"])
    if named.get("grid"):
        ax.grid(True)
    if title is not None:
        ax.set_title(title)
    return ax


def _looks(named, i, name):
    """Returns how the i-th column is drawn."""
    looks = {k: named[k] for k in ("alpha", "linewidth", "lw", "linestyle", "ls", "marker", "markersize", "ms", "edgecolor") if k in named}
    color = named.get("color", named.get("c"))
    if isinstance(color, dict):
        color = color.get(name)
    elif color is not None and not isinstance(color, str) and not (isinstance(color, tuple) and all(isinstance(v, (int, float)) for v in color)):
        color = list(color)[i % len(color)]
    elif color is None and "colormap" in named:
        color = cm.get_cmap(named["colormap"])(i / max(named["columns"] - 1, 1))
    if color is not None:
        looks["color"] = color
    return looks


def _texts(index):
    return [", ".join(map(str, v)) if isinstance(v, tuple) else str(v.date()) if isinstance(v, pd.Timestamp) and v == v.normalize() else str(v) for v in index]


def _columns(data, named):
    named["columns"] = data.shape[1]
    for i, name in enumerate(data.columns):
        yield i, ", ".join(map(str, name)) if isinstance(name, tuple) else str(name), data.iloc[:, i], _looks(named, i, name)


def _along(ax, data, named):
    """Returns the places of a chart along x: the index, where it is numbers or dates."""
    index = data.index
    if not named.get("use_index", True):
        return list(range(len(index)))
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp()
    if "xlabel" not in named and index.name is not None:
        ax.set_xlabel(index.name)
    if isinstance(index, pd.DatetimeIndex):
        return index
    if pd.api.types.is_numeric_dtype(index.dtype):
        return index.tolist()
    step = max(1, math.ceil(len(index) / 10))
    ax.set_xticks(list(range(0, len(index), step)), _texts(index[::step]))
    return list(range(len(index)))


def _line(ax, data, named, legend):
    data = data.sort_index() if isinstance(data.index, (pd.DatetimeIndex, pd.PeriodIndex)) and named.get("sort_columns") else data
    x, style = _along(ax, data, named), named.get("style")
    for i, label, column, looks in _columns(data, named):
        form = style if isinstance(style, str) else style.get(column.name, "") if isinstance(style, dict) else style[i] if style is not None and i < len(style) else ""
        errors = _errors(named.get("yerr"), i, column.name)
        if errors is not None:
            ax.errorbar(x, column.tolist(), yerr=errors, label=label, fmt=form or "", **looks)
        else:
            looks.pop("edgecolor", None)
            ax.plot(x, column.tolist(), *([form] if form else []), label=label, **looks)


def _errors(given, i, name):
    if given is None or isinstance(given, (int, float)):
        return given
    if isinstance(given, (pd.DataFrame, dict)):
        return list(given[name]) if name in given else None
    given = list(given)
    return list(given[i]) if given and hasattr(given[0], "__iter__") else given


def _bars(ax, data, named, legend, lying=False):
    stacked, count, width = named.get("stacked", False), data.shape[1], named.get("width", 0.5)
    below, above = np.zeros(len(data)), np.zeros(len(data))
    draw = ax.barh if lying else ax.bar
    for i, label, column, looks in _columns(data, named):
        values = column.fillna(0).to_numpy(dtype=float)
        at = np.arange(len(values), dtype=float)
        size = width if stacked else width / count
        if not stacked:
            at = at - width / 2 + size * (i + 0.5)
        base = np.where(values >= 0, above, below) if stacked else np.zeros(len(values))
        looks = {k: v for k, v in looks.items() if k in ("alpha", "color", "edgecolor")}
        if count == 1 and not isinstance(named.get("color", ""), (str, dict, tuple)):
            looks["color"] = list(named["color"])
        errors = _errors(named.get("xerr" if lying else "yerr"), i, column.name)
        if errors is not None:
            looks["xerr" if lying else "yerr"] = errors
        draw(at.tolist(), values.tolist(), size, base.tolist(), label=label, **looks)
        above, below = above + np.where(values >= 0, values, 0), below + np.where(values < 0, values, 0)
    ticks = ax.set_yticks if lying else ax.set_xticks
    ticks(list(range(len(data))), _texts(data.index))
    name = data.index.name if data.index.name is not None else ", ".join(str(n) for n in data.index.names if n is not None)
    if name and ("ylabel" if lying else "xlabel") not in named:
        (ax.set_ylabel if lying else ax.set_xlabel)(name)
    if not lying:
        named.setdefault("rot", 90)


def _barh(ax, data, named, legend):
    _bars(ax, data, named, legend, lying=True)


def _hist(ax, data, named, legend):
    every = data.to_numpy(dtype=float).ravel()
    edges = np.histogram_bin_edges(every[np.isfinite(every)], bins=named.get("bins", 10), range=named.get("range"))
    more = {k: named[k] for k in ("density", "cumulative", "histtype", "orientation") if k in named}
    columns = list(_columns(data, named))
    if named.get("stacked"):
        looks = {k: v for k, v in columns[0][3].items() if k in ("alpha", "edgecolor")}
        ax.hist([c.dropna().tolist() for _, _, c, _ in columns], bins=edges, label=[label for _, label, _, _ in columns], stacked=True, **looks, **more)
    else:
        for _, label, column, looks in columns:
            ax.hist(column.dropna().tolist(), bins=edges, label=label, **{k: v for k, v in looks.items() if k in ("alpha", "color", "edgecolor", "linewidth")}, **more)
    (ax.set_xlabel if named.get("orientation") == "horizontal" else ax.set_ylabel)("Frequency")


def _box(ax, data, named, legend):
    upright = named.get("vert", True) and named.get("orientation", "vertical") == "vertical"
    more = {k: named[k] for k in ("widths", "positions", "showfliers", "showmeans", "patch_artist") if k in named}
    ax.boxplot([c.dropna().tolist() for _, _, c, _ in _columns(data, named)], tick_labels=_texts(data.columns), vert=upright, **more)


def _area(ax, data, named, legend):
    stacked = named.get("stacked", True)
    if stacked and (data.fillna(0) < 0).to_numpy().any() and (data.fillna(0) > 0).to_numpy().any():
        raise ValueError("When stacked is True, each column must be either all positive or all negative.")
    x, base = _along(ax, data, named), np.zeros(len(data))
    for _, label, column, looks in _columns(data, named):
        values = column.fillna(0).to_numpy(dtype=float)
        top = base + values if stacked else values
        ax.fill_between(x, top.tolist(), base.tolist(), label=label, alpha=looks.get("alpha", 1 if stacked else 0.5), color=looks.get("color"))
        base = top if stacked else base


def _pie(ax, data, named, legend):
    for _, label, column, _ in _columns(data, named):
        names = named.get("labels", _texts(data.index))
        more = {k: named[k] for k in ("autopct", "startangle", "colors", "explode", "counterclock", "radius", "wedgeprops") if k in named}
        if names is not None and legend:
            ax.legend()
        ax.pie(column.fillna(0).tolist(), labels=names, **more)
        if label != "None":
            ax.set_ylabel(label)


_DRAW = {"line": _line, "bar": _bars, "barh": _barh, "hist": _hist, "box": _box, "area": _area, "pie": _pie}


def _scatter(ax, data, x=None, y=None, s=None, c=None, color=None, colormap=None, cmap=None, label=None, colorbar=None, legend=True, **named):
    if x is None or y is None:
        raise ValueError("scatter requires an x and y column")
    column = lambda name: data[name] if name in data.columns else data.iloc[:, name]
    xs, ys = column(x), column(y)
    values = data[c] if isinstance(c, str) and c in data.columns else c
    mapped = values is not None and not isinstance(values, str) and pd.api.types.is_numeric_dtype(getattr(values, "dtype", object))
    if values is not None and not isinstance(values, str) and not mapped and hasattr(values, "dtype"):
        values = [f"C{code % 10}" for code in pd.factorize(values)[0]]
    size = data[s] if isinstance(s, str) and s in data.columns else s
    looks = {k: named[k] for k in ("alpha", "marker", "edgecolors", "vmin", "vmax") if k in named}
    drawn = ax.scatter(xs.tolist(), ys.tolist(), s=size, c=values.tolist() if mapped else values, color=color, cmap=cmap or colormap, label=label, **looks)
    if mapped and colorbar is not False:
        ax.figure.colorbar(drawn, ax=ax, label=str(c) if isinstance(c, str) else None)
    if label is not None and legend:
        ax.legend()
    ax.set_xlabel(str(xs.name))
    ax.set_ylabel(str(ys.name))


def _several(data, kind, ax, layout, figsize, sharex, sharey, title, named):
    count = data.shape[1]
    rows, columns = _layout(layout, count, (count, 1))
    if ax is not None and hasattr(ax, "__iter__"):
        grid = np.asarray(list(ax), dtype=object)
    else:
        grid = plt.figure(figsize=figsize).subplots(rows, columns, sharex=bool(sharex) if sharex is not None else kind in ("line", "area"), sharey=bool(sharey), squeeze=False)
    flat, titles = list(grid.ravel()), title if isinstance(title, (list, tuple)) else [None] * count
    legend = named.pop("legend", True)
    for i, each in enumerate(flat):
        if i >= count:
            each.set_visible(False)
            continue
        options = dict(named, columns=1)
        options.update(_looks(dict(named, columns=count), i, data.columns[i]))
        options.setdefault("color", f"C{i % 10}") if kind not in ("pie", "box") else None
        _DRAW[kind](each, data.iloc[:, [i]], options, legend)
        if legend and kind not in ("box",):
            each.legend()
        _finish(each, titles[i], options)
    if isinstance(title, str):
        flat[0].figure.suptitle(title)
    return grid if layout is not None else grid.ravel()


def _layout(layout, count, usual):
    if layout is None:
        return usual
    rows, columns = layout
    rows, columns = math.ceil(count / columns) if rows == -1 else rows, math.ceil(count / rows) if columns == -1 else columns
    if rows * columns < count:
        raise ValueError(f"Layout of {rows}x{columns} must be larger than required size {count}")
    return rows, columns


def _square(count):
    columns = math.ceil(math.sqrt(count))
    return math.ceil(count / columns), columns


def hist_series(self, by=None, ax=None, grid=True, xlabelsize=None, xrot=None, ylabelsize=None, yrot=None, figsize=None, bins=10, legend=False, **named):
    if by is not None:
        groups = self.groupby(by)
        return _histograms([(str(key), values) for key, values in groups], None, figsize, bins, grid, legend, named)
    ax = _place(ax, figsize, True)
    ax.hist(self.dropna().tolist(), bins=bins, label=str(self.name) if legend else None, **named)
    ax.grid(grid)
    if xrot is not None:
        ax.tick_params(axis="x", rotation=xrot)
    if legend:
        ax.legend()
    return ax


def hist_frame(data, column=None, by=None, grid=True, xlabelsize=None, xrot=None, ylabelsize=None, yrot=None, ax=None, sharex=False, sharey=False, figsize=None, layout=None, bins=10, legend=False, **named):
    if column is not None:
        data = data[column if isinstance(column, (list, pd.Index)) else [column]]
    if by is not None:
        raise NotImplementedError("this stand-in for matplotlib has no df.hist(by=...); use df[column].hist(by=df[by])")
    data = data.select_dtypes(include="number")
    if data.shape[1] == 0:
        raise ValueError("hist method requires numerical or datetime columns, nothing to plot.")
    if ax is not None and data.shape[1] == 1:
        ax.hist(data.iloc[:, 0].dropna().tolist(), bins=bins, **named)
        ax.grid(grid)
        return np.array([[ax]], dtype=object)
    return _histograms([(str(name), data[name]) for name in data.columns], layout, figsize, bins, grid, legend, named)


def _histograms(groups, layout, figsize, bins, grid, legend, named):
    rows, columns = _layout(layout, len(groups), _square(len(groups)))
    axes = plt.figure(figsize=figsize).subplots(rows, columns, squeeze=False)
    for i, ax in enumerate(axes.ravel()):
        if i >= len(groups):
            ax.set_visible(False)
            continue
        name, values = groups[i]
        ax.hist(values.dropna().tolist(), bins=bins, label=name if legend else None, **named)
        ax.set_title(name)
        ax.grid(grid)
        if legend:
            ax.legend()
    return axes


def boxplot(data, column=None, by=None, ax=None, fontsize=None, rot=0, grid=True, figsize=None, layout=None, return_type=None, **named):
    if by is not None:
        return _boxes_by(data, column, by, ax, rot, grid, figsize, layout, named)
    if column is not None:
        data = data[column if isinstance(column, (list, pd.Index)) else [column]]
    data = data.select_dtypes(include="number")
    ax = _place(ax, figsize, True)
    parts = ax.boxplot([data.iloc[:, i].dropna().tolist() for i in range(data.shape[1])], tick_labels=_texts(data.columns), **named)
    ax.grid(grid)
    ax.tick_params(axis="x", rotation=rot)
    return parts if return_type == "dict" else ax


def _boxes_by(data, column, by, ax, rot, grid, figsize, layout, named):
    by = by if isinstance(by, list) else [by]
    columns = [column] if column is not None and not isinstance(column, (list, pd.Index)) else list(column) if column is not None else [c for c in data.select_dtypes("number").columns if c not in by]
    rows, across = _layout(layout, len(columns), _square(len(columns)))
    axes = np.array([[ax]], dtype=object) if ax is not None else plt.figure(figsize=figsize).subplots(rows, across, squeeze=False)
    for i, each in enumerate(axes.ravel()):
        if i >= len(columns):
            each.set_visible(False)
            continue
        groups = [(key, values) for key, values in data.groupby(by if len(by) > 1 else by[0], observed=True)[columns[i]]]
        each.boxplot([values.dropna().tolist() for _, values in groups], tick_labels=_texts([key for key, _ in groups]), **named)
        each.set_title(str(columns[i]))
        each.set_xlabel(str(by if len(by) > 1 else by[0]))
        each.grid(grid)
        each.tick_params(axis="x", rotation=rot)
    axes[0, 0].figure.suptitle("Boxplot grouped by " + ", ".join(map(str, by)))
    return axes[0, 0] if axes.size == 1 else axes


boxplot_frame = boxplot


def boxplot_frame_groupby(grouped, subplots=True, column=None, fontsize=None, rot=0, grid=True, ax=None, figsize=None, layout=None, sharex=False, sharey=True, **named):
    groups = list(grouped)
    rows, columns = _layout(layout, len(groups), _square(len(groups)))
    axes = plt.figure(figsize=figsize).subplots(rows, columns, sharey=sharey, squeeze=False)
    for i, each in enumerate(axes.ravel()):
        if i >= len(groups):
            each.set_visible(False)
            continue
        boxplot(groups[i][1], column=column, ax=each, rot=rot, grid=grid, **named)
        each.set_title(str(groups[i][0]))
    return pd.Series(list(axes.ravel()[: len(groups)]), index=[key for key, _ in groups])


def register():
    """Dates are understood without anything being registered."""


deregister = register


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(f"this stand-in for matplotlib has no pandas.plotting.{name}; {stand_in}; and df.plot of the kinds {', '.join(KINDS)}")
