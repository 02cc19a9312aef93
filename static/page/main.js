// Behaviour that every page shares; each module is bound to `data-` attributes and nothing else.
import "./menu.js";
import "./theme.js";
import "./toast.js";
import "./dialog.js";
import "./unsaved.js";
import "./copy.js";
import "./tabs.js";
import "./filters.js";
import "./options.js";
