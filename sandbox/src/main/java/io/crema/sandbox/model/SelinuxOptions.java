package io.crema.sandbox.model;

/** A SELinux label (CRI SELinuxOption). */
public record SelinuxOptions(String user, String role, String type, String level) {}
