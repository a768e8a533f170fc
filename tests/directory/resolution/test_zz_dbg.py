import json
from tests.directory.resolution.test_retrieve import *
def flat(x, p=""):
    if isinstance(x, dict):
        for k,v in x.items(): yield from flat(v, p+"/"+k)
    elif isinstance(x, list):
        for k,v in enumerate(x): yield from flat(v, p+f"/{k}")
    else: yield p, x
import pytest
@pytest.mark.parametrize("seed", [1,4])
def test_dbg(acme, seed):
    write(made_directory(seed), acme)
    given, bodies = context_of(acme, blind=blind, settings=EVERYTHING_ON), made_requests(seed)
    alone = [as_bytes(resolve_many([body], context=given))[0] for body in bodies]
    many = as_bytes(resolve_many(bodies, context=given))
    for b, x, y in zip(bodies, alone, many):
        if x != y:
            print(b)
            X, Y = set(map(str, flat(json.loads(x)))), set(map(str, flat(json.loads(y))))
            print("alone", sorted(X-Y)); print("many ", sorted(Y-X))
            break
