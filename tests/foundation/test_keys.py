import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.foundation.keys import DecryptionError, blind_index, decrypt, encrypt, is_encrypted


@given(st.text(max_size=200))
def test_what_is_encrypted_is_read_again(clear):
    assert decrypt("t_a", encrypt("t_a", clear)) == clear


def test_equal_values_are_encrypted_differently_and_found_by_one_index():
    assert encrypt("t_a", "M1") != encrypt("t_a", "M1")
    assert blind_index("t_a", "mid", "", "M1") == blind_index("t_a", "mid", "", "M1")


def test_another_schemas_value_neither_decrypts_nor_matches():
    with pytest.raises(DecryptionError):
        decrypt("t_b", encrypt("t_a", "M1"))
    assert blind_index("t_a", "mid", "", "M1") != blind_index("t_b", "mid", "", "M1")


@pytest.mark.parametrize(
    "stored", ["", "enc1.1.", "enc1.x.AAAA", "enc2.1.AAAA", "M1", "enc1.9.AAAAAAAAAAAAAAAAAAAAAAAAAA=="]
)
def test_a_damaged_value_is_named_without_being_shown(stored):
    with pytest.raises(DecryptionError) as caught:
        decrypt("t_a", stored)
    assert "t_a" in str(caught.value)


def test_an_added_key_encrypts_and_the_earlier_still_decrypts(settings):
    before = encrypt("t_a", "M1")
    settings.SWITCHBOARD_KEYS = {**settings.SWITCHBOARD_KEYS, 2: bytes(range(32))}
    after = encrypt("t_a", "M1")
    assert after.startswith("enc1.2.")
    assert is_encrypted(after)
    assert decrypt("t_a", before) == decrypt("t_a", after) == "M1"
