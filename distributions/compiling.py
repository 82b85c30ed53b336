"""How numba is made to compile a kernel in half its time; ``jit.py`` says what is compiled.

A kernel calls a hundred functions, and numba takes each for a program of its own: it types branches that can't be
taken, looks an operator up anew at every use, optimises a function on its way into every caller, makes machine code of
it, and collects garbage between. Here each of these is left out, and none of them shows in what a kernel computes: it
is optimised once, as a whole.

What is touched are numba's insides as they are known. Where they are not, numba compiles as it does for everybody.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from llvmlite import binding
from numba.core import codegen, ir, types
from numba.core.codegen import CPUCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.ir_utils import get_definition, guard
from numba.core.registry import cpu_target
from numba.core.types.functions import BaseFunction
from numba.core.untyped_passes import RewriteSemanticConstants

# These have no types that a checker knows.
_Library: Any = CPUCodeLibrary
_Pass: Any = FunctionPass
_Compiler: Any = CompilerBase
_Function: Any = BaseFunction
_constant: Any = ir.Const
_definition: Any = get_definition
_guarded: Any = guard
_builder: Any = DefaultPassBuilder
_registered: Any = register_pass
_codegen: Any = codegen
_binding: Any = binding

_INSIDES = (
    "_optimize_final_module",
    "_finalize_final_module",
    "_finalize_dynamic_globals",
    "_verify_declare_only_symbols",
    "_ensure_finalized",
)


def only_linked(dispatcher: Any) -> Any:
    """Make no machine code of a function by itself: kernels take its code, optimise it there, and nobody else calls it.

    This is done under the compiler lock, which a kernel takes before its callees are compiled.
    """
    compile_in_full = dispatcher.compile

    def compile_for_linking(signature: Any) -> Any:
        codegen = cpu_target.target_context.codegen()
        before = codegen._library_class, codegen.set_env
        codegen._library_class, codegen.set_env = _LinkedLibrary, lambda *_: None
        try:
            return compile_in_full(signature)
        finally:
            codegen._library_class, codegen.set_env = before

    if all(hasattr(_Library, name) for name in _INSIDES):
        dispatcher.compile = compile_for_linking
    return dispatcher


class _LinkedLibrary(_Library):  # type: ignore[misc]
    """Code that is linked into other code only."""

    def _optimize_final_module(self) -> None:
        """Leave it to the kernel, which all of this is copied into."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0


def at_once(dispatcher: Any, interleaved: bool = True) -> Any:
    """Compile a kernel and all that it calls in one go: nobody else compiles meanwhile, and the garbage is left be.

    Numba makes millions of objects, most of which stay.
    """
    compile_in_full = dispatcher.compile

    def compile_at_once(signature: Any) -> Any:
        plain = nullcontext() if interleaved else _a_vector_at_a_time()
        with global_compiler_lock, _no_garbage(), _each_operator_once(), plain:
            return compile_in_full(signature)

    dispatcher.compile = compile_at_once
    return dispatcher


@contextmanager
def _no_garbage() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _each_operator_once() -> Iterator[None]:
    """Remember what a builtin function gives for some types: numba tries all its overloads at every use of it."""
    look_up: Callable[..., Any] = _Function.get_call_type
    known: dict[Any, Any] = {}

    def recall(function: Any, context: Any, positional: Any, named: Any) -> Any:
        if named:
            return look_up(function, context, positional, named)
        key = function, context, positional
        if key not in known:
            known[key] = look_up(function, context, positional, named)
        return known[key]

    _Function.get_call_type = recall
    try:
        yield
    finally:
        _Function.get_call_type = look_up


@contextmanager
def _a_vector_at_a_time() -> Iterator[None]:
    """Let a step of a loop be one vector, not four that are interleaved.

    Loops over lanes go through whole vectors, often a dozen: four at a time leave some over, which are done lane by
    lane then.
    """
    make_builder = getattr(_codegen, "create_pass_builder", None)

    def make_plain(machine: Any, opt: int = 2, loop_vectorize: bool = False, slp_vectorize: bool = False) -> Any:
        options = _binding.create_pipeline_tuning_options(opt)
        options.slp_vectorization, options.loop_vectorization = slp_vectorize, loop_vectorize
        options.loop_interleaving = False
        return _binding.create_pass_builder(machine, options)

    if make_builder is None:
        yield
        return
    _codegen.create_pass_builder = make_plain
    try:
        yield
    finally:
        _codegen.create_pass_builder = make_builder


class Pipeline(_Compiler):  # type: ignore[misc]
    """Numba's own, and one more pass."""

    def define_pipelines(self) -> list[Any]:
        """Give the passes in order."""
        passes = _builder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_FillInConstants, RewriteSemanticConstants)
        passes.finalize()
        return [passes]


@_registered(mutates_CFG=False, analysis_only=False)
class _FillInConstants(_Pass):  # type: ignore[misc]
    """Put in what types already say, so that branches that can't be taken are gone before anything is typed.

    A flag that the caller gives as a constant, and a field of a named tuple that is None.
    """

    _name = "burncurve_fill_in_constants"

    def __init__(self) -> None:
        _Pass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        function = state.func_ir
        for block in function.blocks.values():
            for assignment in block.find_insts(ir.Assign):
                constant = _known(assignment.value, function, state.args)
                if constant is not None:
                    definitions = function._definitions[assignment.target.name]
                    definitions[definitions.index(assignment.value)] = constant
                    assignment.value = constant
        return True


def _known(value: Any, function: Any, kinds: Any) -> Any:
    """What a value is whenever a function is called with arguments of these types; None where that can't be said."""
    if isinstance(value, ir.Arg) and isinstance(kinds[value.index], types.BooleanLiteral):
        return _constant(kinds[value.index].literal_value, value.loc)
    if isinstance(value, ir.Expr) and value.op == "getattr":
        source = _guarded(_definition, function, value.value)
        kind = kinds[source.index] if isinstance(source, ir.Arg) else None
        if isinstance(kind, types.BaseNamedTuple) and _is_none(kind, value.attr):
            return _constant(None, value.loc)
    return None


def _is_none(kind: Any, field: str) -> bool:
    return field in kind.fields and isinstance(kind.types[kind.fields.index(field)], types.NoneType)
