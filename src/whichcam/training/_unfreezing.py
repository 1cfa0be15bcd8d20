"""The blocks of any network, in the order in which a picture meets them."""

from __future__ import annotations

import torch
from torch import nn

_FEWEST = 4  # blocks: chains are opened until there are so many

Block = list[nn.Module]


def blocks_of(model: nn.Module, patch_px: int) -> list[Block]:
    """Divide a backbone into blocks, from its input to its output.

    The parts are those of the module tree: the network's children, of which the
    largest chain is opened until there are four blocks or more. Their order is
    that in which a picture meets them; parts that it never meets are no blocks, and a
    normalisation belongs to the block before it.

    Parameters
    ----------
    model : Module
        With ``forward_features``, as timm's have it.
    patch_px : int
        Side of the squares that it looks at.

    Returns
    -------
    list of list of Module
    """
    parts = _opened(model)
    blocks = _joined(_in_order(model, parts, patch_px))
    while len(blocks) < _FEWEST:
        chains = [part for part in parts if _is_chain(part)]
        if not chains:
            break
        largest = max(chains, key=_size)
        place = parts.index(largest)
        parts[place : place + 1] = _opened(largest)
        blocks = _joined(_in_order(model, parts, patch_px))
    return blocks


def unfreeze(model: nn.Module, blocks: list[Block], n_open: int) -> list[nn.Module]:
    """Let the last blocks learn, and no others; return the parts that are frozen.

    With all blocks open, what belongs to none, such as the places of tokens, learns
    too.
    """
    for parameter in model.parameters():
        parameter.requires_grad = n_open >= len(blocks)
    cut = max(0, len(blocks) - n_open)
    for part in (part for block in blocks[cut:] for part in block):
        for parameter in part.parameters():
            parameter.requires_grad = True
    return [part for block in blocks[:cut] for part in block]


def _opened(parent: nn.Module) -> list[nn.Module]:
    """Return the children; in place of those that are only lists, what they hold."""
    found: list[nn.Module] = []
    for part in parent.children():
        is_list = type(part) in (nn.ModuleList, nn.ModuleDict)  # never called itself
        found += _opened(part) if is_list else [part]
    return found


def _is_chain(part: nn.Module) -> bool:
    """Say whether a part is a chain of several that learn."""
    return type(part) is nn.Sequential and sum(_size(p) > 0 for p in part) > 1


def _size(part: nn.Module) -> int:
    return sum(parameter.numel() for parameter in part.parameters())


def _in_order(
    model: nn.Module, parts: list[nn.Module], patch_px: int
) -> list[nn.Module]:
    """Return the parts with parameters that a picture meets, in that order."""
    met: list[nn.Module] = []

    def note(part: nn.Module, _: object) -> None:
        if part not in met:
            met.append(part)

    hooks = [part.register_forward_pre_hook(note) for part in parts if _size(part)]
    try:
        with torch.no_grad():
            model.eval().forward_features(  # type: ignore[operator]
                torch.zeros(1, 3, patch_px, patch_px)
            )
    finally:
        for hook in hooks:
            hook.remove()
    return met


def _joined(parts: list[nn.Module]) -> list[Block]:
    """Put normalisations, whose parameters are vectors, with what stands before."""
    blocks: list[Block] = []
    for part in parts:
        vectors = all(parameter.ndim < 2 for parameter in part.parameters())
        if vectors and blocks:
            blocks[-1].append(part)
        else:
            blocks.append([part])
    return blocks
