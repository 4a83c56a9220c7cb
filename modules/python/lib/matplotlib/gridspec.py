"""Rows and columns of a figure. See matplotlib.stand_in."""

from matplotlib._figure import GridSpec
