"""How every HTTP endpoint behaves: admission, problems, strict bodies, lists, conditional reads."""
