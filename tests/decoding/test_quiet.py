"""The image library's warnings are kept back while images are decoded, in any order of threads, and only those."""

import warnings

import pytest

from stillgraph.decoding.quiet import quiet


def warned(module):
    warnings.warn_explicit("odd", UserWarning, "file.py", 1, module=module)


def test_only_the_image_library_is_kept_quiet_and_only_inside():
    with quiet():
        warned("PIL.TiffImagePlugin")
        warned("pillow_heif.misc")
        with pytest.raises(UserWarning, match="odd"):
            warned("numpy.core")
    with pytest.raises(UserWarning, match="odd"):
        warned("PIL.TiffImagePlugin")


def test_threads_that_leave_in_another_order_than_they_came_leave_the_filters_as_they_were():
    before = list(warnings.filters)
    first, second = quiet(), quiet()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    warned("PIL.Image")  # the second is still inside
    second.__exit__(None, None, None)
    assert warnings.filters == before
    with pytest.raises(UserWarning, match="odd"):
        warned("PIL.Image")
