"""One screen per view. A screen asks, draws and dispatches; what it draws is `present`'s."""
