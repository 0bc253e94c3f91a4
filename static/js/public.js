// The module of pages outside the shell.

import "./copy.js";
import "./dialogs.js";
import "./forms.js";
import "./theme.js";
