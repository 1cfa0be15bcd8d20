"""Vectors in numba's kernels: several numbers that one instruction works on.

numba makes vectors of a loop itself where it can tell, or test, that what is written
is not read later. With rows of one array that takes two hundred instructions a row,
more than the work; written with vectors, nothing is to be tested, as each is read
before the first is written.

A kernel's own functions that take vectors are declared with ``inline="always"``:
called, they would cost more than they do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model

WIDTH: Final = 16 if binding.get_host_cpu_features().get("avx512f") else 8
_LLVM: Final = ir.VectorType(ir.FloatType(), WIDTH)
_FLAGS: Final = ("reassoc", "contract", "nsz", "arcp")  # as kernels have them


class _VectorType(types.Type):
    """``WIDTH`` numbers of single precision, as kernels see them."""


_VECTOR: Final[Any] = _VectorType(f"vector_of_{WIDTH}_float32")


@register_model(_VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, of: Any) -> None:
        super().__init__(manager, of, _LLVM)  # type: ignore[no-untyped-call]


def _pointer(context: Any, builder: Any, array: Any, args: Any) -> Any:
    """Return where a vector lies in a two-dimensional array, contiguous by rows."""
    values = context.make_array(array)(context, builder, args[0])
    row_length = builder.extract_value(values.shape, 1)
    at = builder.add(builder.mul(args[1], row_length), args[2])
    return builder.bitcast(builder.gep(values.data, [at]), _LLVM.as_pointer())


def _load(_: Any, x: Any, _row: Any, _column: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(
            _pointer(context, builder, signature.args[0], args), align=4
        )

    return _VECTOR(x, types.intp, types.intp), generate


def _store(
    _: Any, x: Any, _row: Any, _column: Any, _value: Any
) -> tuple[Any, Callable[..., Any]]:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        where = _pointer(context, builder, signature.args[0], args)
        builder.store(args[3], where, align=4)
        return context.get_dummy_value()

    return types.void(x, types.intp, types.intp, _VECTOR), generate


def _stream(
    _: Any, x: Any, _row: Any, _column: Any, _value: Any
) -> tuple[Any, Callable[..., Any]]:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        where = _pointer(context, builder, signature.args[0], args)
        one = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        builder.store(args[3], where, align=4 * WIDTH).set_metadata("nontemporal", one)
        return context.get_dummy_value()

    return types.void(x, types.intp, types.intp, _VECTOR), generate


def _filled(_: Any, _value: Any) -> tuple[Any, Callable[..., Any]]:
    def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
        empty = ir.Constant(_LLVM, ir.Undefined)
        index = ir.IntType(32)
        first = builder.insert_element(empty, args[0], ir.Constant(index, 0))
        everywhere = ir.Constant(ir.VectorType(index, WIDTH), [0] * WIDTH)
        return builder.shuffle_vector(first, empty, everywhere)

    return _VECTOR(types.float32), generate


# load(x, row, column) reads a vector from a row, beginning at a column, and
# store(x, row, column, value) writes one; neither place may be negative.
load: Any = intrinsic(_load)
store: Any = intrinsic(_store)

# stream(x, row, column, value) writes past the caches, what none reads soon: what the
# memory held is not fetched first. The address must be a multiple of a vector's size.
stream: Any = intrinsic(_stream)

# filled(value) is a vector that holds one number everywhere.
filled: Any = intrinsic(_filled)


def _elementwise(of: Callable[..., Any], instruction: str) -> None:
    """Let an operator take two vectors."""

    def typed(_: Any, _a: Any, _b: Any) -> tuple[Any, Callable[..., Any]]:
        def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
            return getattr(builder, instruction)(*args, flags=_FLAGS)

        return _VECTOR(_VECTOR, _VECTOR), generate

    work: Any = intrinsic(typed)

    @overload(of, strict=False)  # names alone: annotations differ
    def chosen(a: Any, b: Any) -> Callable[..., Any] | None:
        if a is _VECTOR and b is _VECTOR:
            return lambda a, b: work(a, b)
        return None


_elementwise(operator.add, "fadd")
_elementwise(operator.iadd, "fadd")
_elementwise(operator.sub, "fsub")
_elementwise(operator.mul, "fmul")
