// The driver for real machines; its parts are listed here as they come.
export {};
