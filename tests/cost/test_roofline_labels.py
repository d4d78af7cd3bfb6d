"""Labels of a crowded chart stand clear of each other, of markers, lines and the frame."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from simulator.cost.roofline_labels import Label, draw_labels


def test_labels_overlap_nothing() -> None:
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xscale="log", yscale="log", xlim=(1, 1e4), ylim=(1e10, 1e15))
    corners = [(1.0, 1e11), (1e4, 1e15)]
    axes.plot(*zip(*corners, strict=True), label="roof")
    axes.legend(loc="lower right")
    labels = [Label(f"operator_{i}", 9e3 / 1.4**i, 4e14 / 1.2**i, 5, "red") for i in range(12)]
    draw_labels(axes, labels, markers=labels, lines=[np.array(corners)])
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in axes.texts]  # without leader lines
    assert [text.get_text() for text in axes.texts] == [label.text for label in labels]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    frame = axes.get_window_extent()
    points = axes.transData.transform([(label.x, label.y) for label in labels])
    road = axes.transData.transform(np.geomspace(*corners, 2000))
    for box in boxes:
        assert frame.x0 < box.x0 < box.x1 < frame.x1
        assert frame.y0 < box.y0 < box.y1 < frame.y1
        assert not box.count_contains(points)
        assert not box.count_contains(road)
        assert not box.overlaps(axes.get_legend().get_window_extent())
