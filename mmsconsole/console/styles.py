"""The style sheet: places and grounds alone, colours of text come with the tones."""

CSS = """
Screen { background: $background; color: $foreground; layout: vertical; overflow: hidden; }
.bar { background: $bar; height: 1; }
#page { height: 1fr; }
#nothing { height: 1fr; }
Input, Input:focus { background: $field; border: none; height: 1; padding: 0 1; }
Input > .input--selection { background: $field; color: $foreground; text-style: reverse; }
.entry { height: 1; margin-bottom: 1; padding-right: 1; }
.label { width: 13; height: 1; }
#form { height: auto; }
#policy, #outlook { height: 1fr; }
#editor { height: 1fr; width: 41; margin-right: 1; }
#keys { height: 13; }
#value-entry { margin-bottom: 0; }
#filter-line { height: 1; }
#point-step, #form-step { height: auto; }
#form-step .entry { margin-bottom: 0; }
#point-step .entry { margin-top: 1; }
#review-step { height: 1fr; }
#shown {
    width: 100%; height: auto; background: $background;
    border-top: solid $frame; border-bottom: solid $frame;
}
ModalScreen { align: center middle; background: $background 60%; }
#body { height: 1fr; }
#dialog, #palette {
    width: 64; height: auto; max-height: 90%; background: $background;
    border: round $frame; padding: 0 2;
}
#palette { width: 70; height: 18; }
#palette OpsTable { height: 1fr; }
.-ascii #dialog, .-ascii #palette { border: ascii $frame; }
.-ascii #shown { border-top: ascii $frame; border-bottom: ascii $frame; }
HelpScreen { background: $background 100%; align: left top; }
#help-title { height: 1; }
"""
