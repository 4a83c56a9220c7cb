"""What calls return, for the little that programs do with it. See matplotlib.stand_in."""

from matplotlib._looks import _color, stand_in

class Artist:
    """What a call has drawn, for the little that programs do with it."""

    def __init__(self, ax, kind, **what):
        self.axes, self.kind = ax, kind
        self.__dict__.update(what)

    def set_label(self, label):
        self.label = label

    def get_label(self):
        return self.label

    def set_color(self, color):
        self.color = _color(color)

    set_facecolor = set_color

    def set_edgecolor(self, color):
        self.edge = _color(color)

    def set_alpha(self, alpha):
        self.alpha = alpha

    def set_linewidth(self, width):
        self.width = width

    def set_linestyle(self, dash):
        self.dash = dash

    def set_text(self, text):
        self.text = str(text)

    def get_text(self):
        return self.text

    def get_color(self):
        return self.color

    get_facecolor = get_color

    def get_xdata(self):
        return self.xs

    def get_ydata(self):
        return self.ys

    def set(self, **looks):
        for name, value in looks.items():
            getattr(self, "set_" + name)(value)

    def remove(self):
        self.axes.artists.remove(self)

    def _looks(self, *ignored, **named):
        """Takes what makes no difference to a simple chart."""

    set_hatch = set_zorder = set_fontsize = set_size = set_fontweight = set_weight = set_marker = set_markersize = set_rotation = set_ha = set_va = set_clip_on = set_visible = _looks

    def get_height(self):
        return self.y1 - self.y0

    def get_width(self):
        return self.x1 - self.x0

    def get_x(self):
        return self.x0

    def get_y(self):
        return self.y0


class Bars(list):
    """The bars of one call, which share a label."""

    patches = property(lambda self: self)


class TickLabel:
    """A label of an axis, for what programs set on each of them."""

    def __init__(self, scale, text):
        self.scale, self.text = scale, text

    def get_text(self):
        return self.text

    def set_rotation(self, rotation):
        self.scale.rotation = 90 if rotation == "vertical" else float(rotation)

    def _looks(self, *ignored, **named):
        """Takes what makes no difference to a simple chart."""

    set_ha = set_va = set_horizontalalignment = set_verticalalignment = set_fontsize = set_size = set_color = set_fontweight = set_weight = set_visible = set_rotation_mode = _looks

    def set(self, **looks):
        for name, value in looks.items():
            getattr(self, "set_" + name)(value)


class Axis:
    """ax.xaxis and ax.yaxis: what programs do with the numbers beside an axes."""

    def __init__(self, ax, scale, name):
        self.axes, self.scale, self.name = ax, scale, name

    def set_major_formatter(self, form):
        self.scale.formatter = form if not isinstance(form, str) else lambda value, at=None: form.format(x=value, pos=at)

    def set_major_locator(self, locator):
        self.scale.locator = getattr(locator, "ticks", None)

    def _looks(self, *ignored, **named):
        """Takes what makes no difference to a simple chart."""

    set_minor_locator = set_minor_formatter = set_ticks_position = set_label_position = set_label_coords = set_tick_params = tick_left = tick_right = tick_top = tick_bottom = _looks

    def set_ticks(self, ticks=None, labels=None, **ignored):
        self.axes._ticks(self.scale, ticks, labels)

    def set_ticklabels(self, labels, **ignored):
        self.axes._ticks(self.scale, None, labels)

    def set_label_text(self, text, **ignored):
        setattr(self.axes, self.name + "label", str(text))

    def get_ticklabels(self):
        return self.axes._ticklabels(self.scale)

    def grid(self, visible=True, *ignored, **named):
        self.axes.grid(visible, axis=self.name)

    def set_visible(self, visible):
        if not visible:
            self.scale.ticks, self.scale.labels = [], None

    def __getattr__(self, name):
        raise AttributeError(f"this stand-in for matplotlib has no {self.__dict__.get('name', '')}axis.{name}; {stand_in}")


class Nothing:
    """Something of a figure that a simple chart has not, such as the lines around an axes of their own: it takes every setting."""

    def __getattr__(self, name):
        if name.startswith(("set_", "tick_")) or name in ("remove", "grid", "patch"):
            return lambda *ignored, **named: None
        raise AttributeError(f"this stand-in for matplotlib has no {name} here; {stand_in}")


class _Spines:
    def __getitem__(self, name):
        return Nothing()

    top = bottom = left = right = property(lambda self: Nothing())

    def values(self):
        return [Nothing() for _ in range(4)]

    def items(self):
        return [(name, Nothing()) for name in ("left", "right", "bottom", "top")]


class Transform:
    """What places are in units of: ax.transAxes is the axes itself, ax.transData what is drawn."""

AXES, DATA = Transform(), Transform()
